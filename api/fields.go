package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// UnknownFields is what a device sends that its profile does not know.
type UnknownFields struct {
	Items   []g.UnknownField `json:"items" doc:"The fields, by name."`
	Profile g.ProfileID      `json:"profile" doc:"The device's profile."`
	Devices int              `json:"devices" doc:"How many devices that the caller sees have that profile: adding a field changes it for all of them."`
	MayAdd  bool             `json:"may_add" doc:"Whether the caller may change that profile. Giving the device a profile of its own needs only the right to change the device."`
}

type addFieldsInput struct {
	ByID
	Body struct {
		Names []string    `json:"names" minItems:"1" maxItems:"64" doc:"Which fields become properties." example:"[\"rssi\"]"`
		Own   g.ProfileID `json:"own,omitempty" maxLength:"64" doc:"The id of a new profile, a copy with the fields, that this device alone gets. Empty: the profile that it has is changed, for every device that has it."`
	}
}

func (s *Server) registerFields() {
	const tag = "Devices"
	handle(s, endpoint{method: "GET", path: "/v1/devices/{id}/fields", id: "list-unknown-fields", tag: tag, perm: g.DevicesRead, summary: "What a device sends that its profile does not know",
		doc: "Such a field is rejected, and all else of the message is admitted. Counted to about ten seconds; numbers and truths come with the newest as an example, texts without."}, s.unknownFields)
	handle(s, endpoint{method: "POST", path: "/v1/devices/{id}/fields", id: "add-unknown-fields", tag: tag, perm: g.DevicesWrite, status: 200, conflict: true, summary: "Add fields that a device sends to its profile"}, s.addFields)
	handle(s, endpoint{method: "DELETE", path: "/v1/devices/{id}/fields", id: "forget-unknown-fields", tag: tag, perm: g.DevicesWrite, summary: "Forget what a device sent that its profile does not know",
		doc: "What it sends from then on is counted anew."}, func(ctx context.Context, in *ByID) (*none, error) {
		return &none{}, s.view(ctx).ForgetFields(ctx, g.DeviceID(in.ID))
	})
}

func (s *Server) unknownFields(ctx context.Context, in *ByID) (*body[UnknownFields], error) {
	row, err := s.view(ctx).Device(ctx, g.DeviceID(in.ID))
	if err != nil {
		return nil, err
	}
	fields, err := s.view(ctx).UnknownFields(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.view(ctx).ProfileUse(ctx, row.Profile)
	if err != nil {
		return nil, err
	}
	may := callerOf(ctx).scope.Can(g.DevicesWrite) && s.onlyTop(ctx) == nil
	return answer(UnknownFields{Items: fields, Profile: row.Profile, Devices: n, MayAdd: may}, nil)
}

func (s *Server) addFields(ctx context.Context, in *addFieldsInput) (*body[g.Profile], error) {
	if in.Body.Own == "" {
		if err := s.onlyTop(ctx); err != nil {
			return nil, err
		}
	}
	return answer(s.view(ctx).AddFields(ctx, g.DeviceID(in.ID), in.Body.Names, in.Body.Own))
}
