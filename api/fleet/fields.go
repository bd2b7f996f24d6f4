package fleet

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// UnknownFields is what a device sends that its profile does not know.
type UnknownFields struct {
	Items   []g.UnknownField `json:"items" doc:"The fields, by name."`
	Profile g.ProfileID      `json:"profile" doc:"The device's profile."`
	Devices int              `json:"devices" doc:"How many devices that the caller sees have that profile: adding a field changes it for all of them."`
	MayAdd  bool             `json:"may_add" doc:"Whether the caller may change that profile. Giving the device a profile of its own needs only the right to change the device."`
}

type addFieldsInput struct {
	gate.ByID
	Body struct {
		Names []string    `json:"names" minItems:"1" maxItems:"64" doc:"Which fields become properties." example:"[\"rssi\"]"`
		Own   g.ProfileID `json:"own,omitempty" maxLength:"64" doc:"The id of a new profile, a copy with the fields, that this device alone gets. Empty: the profile that it has is changed, for every device that has it."`
	}
}

func (s *area) registerFields() {
	const tag = "Devices"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/{id}/fields",
		ID:      "list-unknown-fields",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "What a device sends that its profile does not know",
		Doc: "Such a field is rejected, and all else of the message is admitted. Counted to " +
			"about ten seconds; numbers and truths come with the newest as an example, texts " +
			"without.",
	}, s.unknownFields)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/devices/{id}/fields",
		ID:       "add-unknown-fields",
		Tag:      tag,
		Perm:     g.DevicesWrite,
		Status:   200,
		Conflict: true,
		Summary:  "Add fields that a device sends to its profile",
	}, s.addFields)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/devices/{id}/fields",
		ID:      "forget-unknown-fields",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Forget what a device sent that its profile does not know",
		Doc:     "What it sends from then on is counted anew.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Fleet.ForgetFields(ctx, g.DeviceID(in.ID))
	})
}

func (s *area) unknownFields(
	ctx context.Context, in *gate.ByID,
) (*gate.Body[UnknownFields], error) {
	row, err := s.View(ctx).Fleet.Device(ctx, g.DeviceID(in.ID))
	if err != nil {
		return nil, err
	}
	fields, err := s.View(ctx).Fleet.UnknownFields(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.View(ctx).Fleet.ProfileUse(ctx, row.Profile)
	if err != nil {
		return nil, err
	}
	may := gate.CallerOf(ctx).Scope.Can(g.DevicesWrite) && s.EverySchool(ctx) == nil
	return gate.Answer(UnknownFields{
		Items:   fields,
		Profile: row.Profile,
		Devices: n,
		MayAdd:  may,
	}, nil)
}

func (s *area) addFields(ctx context.Context, in *addFieldsInput) (*gate.Body[g.Profile], error) {
	if in.Body.Own == "" {
		if err := s.EverySchool(ctx); err != nil {
			return nil, err
		}
	}
	return gate.Answer(s.View(ctx).Fleet.AddFields(ctx, g.DeviceID(in.ID), in.Body.Names, in.Body.Own))
}
