package fleet

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Limits of a device's address and secret, the same as the registry's.
const (
	maxEntries      = 64
	maxAddressValue = 2000
	maxSecretValue  = 4000
)

// bound sets the limits of entries in the document.
func bound(d *gate.Schemas) {
	for _, schema := range []string{"DeviceInput", "ProbeInput"} {
		d.Texts(schema, "address", maxEntries, maxAddressValue)
		d.Texts(schema, "secret", maxEntries, maxSecretValue)
	}
	d.Items("AddFieldsInput", "names", gate.MaxWord)
	values := d.Field("CommandInput", "values")
	values.MaxProperties = new(g.MaxActionInputs)
	values.PrecomputeMessages()
	d.OneOf("UnknownField", "kind", "", "number", "boolean", "string")
	d.OneOf("DriverInfo", "state",
		"starting", "running", "backoff", "quarantined", "refused", "stopped")
	boundProfile(d)
	boundProperty(d)
}

// boundProfile sets the limits of Profile.Validate in the document.
func boundProfile(d *gate.Schemas) {
	lengths(
		d,
		"Profile",
		g.MaxProfileText,
		"title",
		"title_zh",
		"vendor",
	)
	lengths(d, "Profile", g.MaxProfileWord, "retention")
	d.Field("Profile", "sightings").MaxItems = new(g.MaxSightings)
	d.Field("Profile", "properties").MaxProperties = new(g.MaxProperties)
	d.Field("Profile", "actions").MaxProperties = new(g.MaxActions)
	d.Field("Profile", "events").MaxProperties = new(g.MaxEvents)
	lengths(
		d,
		"Action",
		g.MaxProfileText,
		"title",
		"title_zh",
	)
	d.Field("Action", "input").MaxProperties = new(g.MaxActionInputs)
	lengths(
		d,
		"Affordance",
		g.MaxProfileText,
		"title",
		"title_zh",
	)
	d.Field("Affordance", "data").MaxProperties = new(g.MaxEventData)
	for _, name := range []string{"Profile", "Action", "Affordance"} {
		d.Of(name).PrecomputeMessages()
	}
}

func boundProperty(d *gate.Schemas) {
	lengths(
		d,
		"Property",
		g.MaxProfileText,
		"title",
		"title_zh",
	)
	lengths(d, "Property", g.MaxProfileWord, "unit")
	d.OneOf("Profile", "no_answer", "", string(g.NoAnswerDeny), string(g.NoAnswerAllow))
	d.OneOf("Property", "reports", "", g.ReportsPeriodic, g.ReportsChange)
	d.Field("Property", "type").Enum = []any{"number", "boolean", "string"}
	d.Field("Property", "enum").MaxItems = new(g.MaxEnum)
	d.Items("Property", "enum", g.MaxStringValue)
	d.Texts("Property", "forms", g.MaxForms, g.MaxProfileForm)
	d.Of("Property").PrecomputeMessages()
}

// lengths limits texts, in characters.
func lengths(d *gate.Schemas, schema string, most int, fields ...string) {
	for _, field := range fields {
		d.Field(schema, field).MaxLength = new(most)
	}
}
