package fleet

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

type commandsInput struct {
	gate.PerSchool
	Device   g.DeviceID     `query:"device" maxLength:"64" doc:"Only those to this device."`
	Alert    g.AlertID      `query:"alert" maxLength:"64" doc:"Only those that were given for this alert."`
	Lockdown g.LockdownID   `query:"lockdown" maxLength:"64" doc:"Only those that were given by this lockdown."`
	State    g.CommandState `query:"state" doc:"Only those in this state."`
	Drill    string         `query:"drill" enum:"true,false" doc:"true: only those of drills; false: only the others."`
}

func (s *area) registerCommands() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/commands",
		ID:      "find-commands",
		Tag:     "Devices",
		Perm:    g.DevicesRead,
		Summary: "What devices were told to do, newest first",
		Doc: "Of all devices in reach: what an alert or a lockdown had done, what still waits, what " +
			"is unknown. Of each device the newest 50 are kept.",
	}, s.findCommands)
}

func (s *area) findCommands(
	ctx context.Context, in *commandsInput,
) (*gate.Body[gate.Page[fleet.DeviceCommandRow]], error) {
	f := fleet.CommandFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School:   in.School,
		Device:   in.Device,
		Alert:    in.Alert,
		Lockdown: in.Lockdown,
		State:    in.State,
	}
	if in.Drill != "" {
		drill := in.Drill == "true"
		f.Drill = &drill
	}
	rows, next, err := s.View(ctx).Fleet.CommandsOf(ctx, f)
	for i := range rows {
		rows[i].Reason = gate.LanguageOf(ctx).Kept(rows[i].Said, rows[i].Reason)
	}
	return gate.Listed(rows, next, err)
}
