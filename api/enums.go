package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// nameWords registers the schemas of the domain's types, which do not know the document.
func nameWords(r huma.Registry) {
	as[g.Value, valueSchema](r)
	as[json.RawMessage, rawSchema](r)

	as[g.Severity, word[g.Severity]](r)
	as[g.AlertState, word[g.AlertState]](r)
	as[g.Retelling, word[g.Retelling]](r)
	as[g.IncidentState, word[g.IncidentState]](r)
	as[g.IncidentOutcome, word[g.IncidentOutcome]](r)
	as[g.IncidentWhat, word[g.IncidentWhat]](r)
	as[g.Role, word[g.Role]](r)
	as[g.Permission, word[g.Permission]](r)
	as[g.EventKind, word[g.EventKind]](r)
	as[g.Method, word[g.Method]](r)
	as[g.Direction, word[g.Direction]](r)
	as[g.PersonKind, word[g.PersonKind]](r)
	as[g.ZoneKind, word[g.ZoneKind]](r)
	as[g.SchoolKind, word[g.SchoolKind]](r)
	as[g.DeviceType, word[g.DeviceType]](r)
	as[g.DeviceState, word[g.DeviceState]](r)
	as[g.SessionKind, word[g.SessionKind]](r)
	as[g.AttendanceState, word[g.AttendanceState]](r)
	as[g.AttendanceCause, word[g.AttendanceCause]](r)
	as[g.Presence, word[g.Presence]](r)
	as[g.PresenceSign, word[g.PresenceSign]](r)
	as[g.MusterSureness, word[g.MusterSureness]](r)
	as[g.MusterReason, word[g.MusterReason]](r)
	as[g.MusterState, word[g.MusterState]](r)
	as[g.TickWord, word[g.TickWord]](r)
	as[g.QualityKind, word[g.QualityKind]](r)
	as[g.QualityLevel, word[g.QualityLevel]](r)
	as[g.Weakness, word[g.Weakness]](r)
	as[g.MakerState, word[g.MakerState]](r)
	as[g.CommandState, word[g.CommandState]](r)
	as[g.DoorRule, word[g.DoorRule]](r)
	as[g.RuleDeed, word[g.RuleDeed]](r)
	as[g.TurnUnit, word[g.TurnUnit]](r)
	as[g.HolidayShift, word[g.HolidayShift]](r)
	as[g.Weekday, word[g.Weekday]](r)
	as[messages.Way, word[messages.Way]](r)
	as[messages.Lane, word[messages.Lane]](r)
	as[messages.State, word[messages.State]](r)

	as[g.SchoolID, idSchema](r)
	as[g.SiteID, idSchema](r)
	as[g.BuildingID, idSchema](r)
	as[g.FloorID, idSchema](r)
	as[g.ZoneID, idSchema](r)
	as[g.ProfileID, idSchema](r)
	as[g.DeviceID, idSchema](r)
	as[g.PersonID, idSchema](r)
	as[g.PassID, idSchema](r)
	as[g.UserID, idSchema](r)
	as[g.KeyID, idSchema](r)
	as[g.WebhookID, idSchema](r)
	as[g.AlertID, idSchema](r)
	as[g.IncidentID, idSchema](r)
	as[g.SessionID, idSchema](r)
	as[g.MusterID, idSchema](r)
	as[g.MediaID, idSchema](r)
	as[g.RotaID, idSchema](r)
	as[g.OverrideID, idSchema](r)
	as[g.EscalationID, idSchema](r)
	as[g.ChannelID, idSchema](r)
	as[g.AddressID, idSchema](r)
	as[g.MessageID, idSchema](r)
}

// as makes S describe the domain's type T.
func as[T, S any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[S]())
}

// word describes a type of the domain with a fixed set of values.
type word[T ~string] struct{}

func (word[T]) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString,
		Enum: wordsOf(T("")),
	}
}

// wordsOf are the values of a type.
func wordsOf(of any) []any {
	switch of.(type) {
	case g.Severity:
		return all(g.Severities())
	case g.AlertState:
		return all(g.AlertStates())
	case g.Retelling:
		return all(g.Retellings())
	case g.IncidentState:
		return all(g.IncidentStates())
	case g.IncidentOutcome:
		return all(g.IncidentOutcomes())
	case g.IncidentWhat:
		return all(g.IncidentWhats())
	case g.Role:
		return all(g.Roles())
	case g.Permission:
		return all(g.RoleDistrict.Permissions())
	case g.SuppressionDeed:
		return all(g.SuppressionDeeds())
	case g.EventKind:
		return all(g.EventKinds())
	case g.Method:
		return all(g.Methods())
	case g.Direction:
		return all([]g.Direction{"", g.In, g.Out})
	case g.DoorRule:
		return all(g.DoorRules())
	case g.PersonKind:
		return all(g.PersonKinds())
	case g.ZoneKind:
		return all(g.ZoneKinds())
	case g.SchoolKind:
		return all(g.SchoolKinds())
	case g.DeviceType:
		return all(g.DeviceTypes())
	case g.DeviceState:
		return all(g.DeviceStates())
	case g.SessionKind:
		return all(g.SessionKinds())
	case g.AttendanceState:
		return all(g.AttendanceStates())
	case g.AttendanceCause:
		return all(g.AttendanceCauses())
	case g.Presence:
		return all(g.Presences())
	case g.MusterSureness:
		return all(g.MusterSurenesses())
	case g.MusterReason:
		return all(g.MusterReasons())
	case g.MusterState:
		return all(g.MusterStates())
	case g.TickWord:
		return all(g.TickWords())
	case g.PresenceSign:
		return all(g.PresenceSigns())
	case messages.Way:
		return all(messages.Ways())
	case messages.Lane:
		return all(messages.Lanes())
	case messages.State:
		return all(messages.States())
	case g.QualityKind:
		return all(g.QualityKinds())
	case g.QualityLevel:
		return all(g.QualityLevels())
	case g.Weakness:
		return all(g.Weaknesses())
	case g.MakerState:
		return all([]g.MakerState{
			g.MakerActive, g.MakerDisabled, g.MakerEnded, g.MakerGone, g.MakerUnknown,
		})
	case g.CommandState:
		return all(g.CommandStates())
	case g.RuleDeed:
		return all(g.RuleDeeds())
	case g.TurnUnit:
		return all(g.TurnUnits())
	case g.HolidayShift:
		return all(g.HolidayShifts())
	case g.PatternWeeks:
		return all(g.EachPatternWeeks())
	case g.Weekday:
		return all(g.Weekdays())
	}
	return nil
}

func all[T ~string](words []T) (texts []any) {
	for _, w := range words {
		texts = append(texts, string(w))
	}
	return texts
}

// idSchema is an identifier.
type idSchema struct{}

func (idSchema) Schema(huma.Registry) *huma.Schema { return gate.TextOf(gate.MaxWord) }

// valueSchema is a value of a property.
type valueSchema struct{}

func (valueSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A number, true or false, or a text.",
		OneOf: []*huma.Schema{
			{Type: huma.TypeNumber},
			{Type: huma.TypeBoolean},
			{Type: huma.TypeString, MaxLength: new(g.MaxStringValue)},
		},
	}
}

// rawSchema is JSON of any shape.
type rawSchema struct{}

func (rawSchema) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }
