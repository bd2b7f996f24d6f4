package api

import (
	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Bounds of the entries of lists and maps, which a tag cannot reach. As with the tags, a test
// holds them against what the registry takes.
const (
	maxClass        = 40
	maxEntries      = 64
	maxAddressValue = 2000
	maxSecretValue  = 4000
)

// idSchema is an identifier.
type idSchema struct{}

func (idSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, MaxLength: new(gate.MaxWord)}
}

// boundEntries writes the bounds of entries into the document, where requests are held against
// them.
func boundEntries(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	property := func(schema, name string) *huma.Schema { return schemas[schema].Properties[name] }
	texts := func(s *huma.Schema, most, length int) {
		s.MaxProperties = new(most)
		s.AdditionalProperties = textOf(length)
		s.PrecomputeMessages()
	}
	items := func(s *huma.Schema, length int) {
		s.Items.MaxLength = new(length)
		s.PrecomputeMessages()
	}
	for _, schema := range []string{"DeviceInput", "ProbeInput"} {
		texts(property(schema, "address"), maxEntries, maxAddressValue)
		texts(property(schema, "secret"), maxEntries, maxSecretValue)
	}
	items(property("SessionInput", "classes"), maxClass)
	items(property("AddFieldsInput", "names"), gate.MaxWord)
	items(property("EnrolInput", "answers"), gate.MaxWord)
	items(property("PasskeyAnswerResponse", "transports"), gate.MaxWord)
	values := property("CommandInput", "values")
	values.MaxProperties = new(g.MaxActionInputs)
	values.PrecomputeMessages()
	boundProfile(schemas)
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{
			item.Get, item.Post, item.Put, item.Patch, item.Delete,
		} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				if p.Schema != nil && p.Schema.Items != nil && len(p.Schema.Items.Enum) == 0 {
					items(p.Schema, gate.MaxWord)
				}
			}
		}
	}
}

// textOf is a text of at most so many characters, with the message that refuses a longer one.
func textOf(most int) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, MaxLength: new(most)}
	s.PrecomputeMessages()
	return s
}

// boundProfile writes down what Profile.Validate takes.
func boundProfile(schemas map[string]*huma.Schema) {
	length := func(s *huma.Schema, most int, names ...string) {
		for _, name := range names {
			s.Properties[name].MaxLength = new(most)
		}
	}
	profile, property := schemas["Profile"], schemas["Property"]
	action, event := schemas["Action"], schemas["Affordance"]
	length(profile, g.MaxProfileText, "title", "title_zh", "vendor")
	length(profile, g.MaxProfileWord, "retention")
	profile.Properties["sightings"].MaxItems = new(g.MaxSightings)
	profile.Properties["properties"].MaxProperties = new(g.MaxProperties)
	profile.Properties["actions"].MaxProperties = new(g.MaxActions)
	length(property, g.MaxProfileText, "title", "title_zh")
	length(property, g.MaxProfileWord, "unit")
	property.Properties["type"].Enum = []any{"number", "boolean", "string"}
	property.Properties["enum"].MaxItems = new(g.MaxEnum)
	property.Properties["enum"].Items.MaxLength = new(g.MaxStringValue)
	property.Properties["forms"].MaxProperties = new(g.MaxForms)
	property.Properties["forms"].AdditionalProperties = textOf(g.MaxProfileForm)
	length(action, g.MaxProfileText, "title", "title_zh")
	action.Properties["input"].MaxProperties = new(g.MaxActionInputs)
	profile.Properties["events"].MaxProperties = new(g.MaxEvents)
	length(event, g.MaxProfileText, "title", "title_zh")
	event.Properties["data"].MaxProperties = new(g.MaxEventData)
	for _, s := range []*huma.Schema{profile, property, action, event} {
		s.PrecomputeMessages()
	}
}

// identifiers are the types that name one thing.
func identifiers() []any {
	return []any{
		g.SchoolID(""), g.SiteID(""), g.BuildingID(""), g.ZoneID(""), g.ProfileID(""),
		g.DeviceID(""), g.PersonID(""),
		g.PassID(""), g.UserID(""), g.KeyID(""), g.WebhookID(""), g.AlertID(""), g.IncidentID(""),
		g.SessionID(""), g.MediaID(""),
	}
}
