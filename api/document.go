package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
)

// newDocument begins the OpenAPI 3.1 document; registering the operations fills it in.
func newDocument(c Config) *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	aliases(schemas)
	doc := &huma.OpenAPI{
		OpenAPI:    "3.1.0",
		Info:       info(cmp.Or(c.Version, "dev")),
		Components: &huma.Components{Schemas: schemas},
		Servers: []*huma.Server{{
			URL:         cmp.Or(strings.TrimSuffix(c.BaseURL, "/"), "/"),
			Description: "This gateway.",
		}},
	}
	for _, t := range tags() {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: t[0], Description: t[1]})
	}
	return doc
}

func info(version string) *huma.Info {
	return &huma.Info{
		Title:       "Gatehouse",
		Version:     version,
		Description: introduction,
		Contact:     &huma.Contact{Name: "The administrators of this gateway"},
		License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
	}
}

// schemaName is huma's name for a type, but where two packages have one by the same name.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[Status]() {
		return "GatewayStatus"
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if name == "PasskeyAnswerResponseStruct" {
		return "PasskeyAnswerResponse"
	}
	if kept, ok := strings.CutSuffix(name, "InputBody"); ok {
		return kept + "Input"
	}
	if kept, ok := strings.CutSuffix(name, "Body"); ok {
		return kept + "Input"
	}
	return name
}

const introduction = `The gateway between a school's devices and the people who answer for the children in it.

Programs send an API key as ` + "`Authorization: Bearer ghk_…`" +
	`. Errors are RFC 9457 problem documents with a stable ` + "`code`" +
	`. What they say to people comes in Chinese with ` + "`Accept-Language: zh-CN`" +
	`, else in English; ` + "`Content-Language`" + ` says which.
Lists take ` + "`limit`" + ` and ` + "`cursor`" + ` and answer ` + "`items`" + ` and ` + "`next`" +
	`. A walk from page to page sees every row that is there throughout once, whatever changes meanwhile. Times are RFC 3339.
A POST may carry an ` + "`Idempotency-Key`" + `. Rates are told in ` + "`RateLimit-*`" + ` headers.
The examples expect GATEHOUSE_URL and GATEHOUSE_KEY in the environment.`

func tags() [][2]string {
	return [][2]string{
		{"Sign-in", "First run, sign-in and the caller."},
		{
			"Second factor",
			"Codes and passkeys beside the password, and whom the school asks for them.",
		},
		{"Schools and places", "Schools, sites, buildings and zones."},
		{"Profiles", "What kinds of device can say and do."},
		{"Devices", "The fleet: registration, twins, commands."},
		{"Drivers", "The programs that speak to equipment."},
		{"People", "People, consent, cards and faces."},
		{"Sightings", "Who was seen where."},
		{"Alerts", "What the rules found, and who handles it."},
		{"Incidents", "Procedures and hand-overs."},
		{"Attendance", "Sessions, answers, corrections and leave."},
		{"Events", "The journal and the live stream."},
		{"Telemetry", "Readings, by the Prometheus HTTP API."},
		{"Data quality", "Whose data is not to be trusted, and why."},
		{"Keys", "API keys."}, {"Webhooks", "Events posted to a server of one's own."},
		{"Users", "Who can sign in."}, {"Audit", "Who did what."},
		{"Gateway", "Health, evidence and settings."},
	}
}

// The schema of a word that takes one of a few values.
func oneOf[T ~string](values []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

type (
	valueSchema      struct{}
	rawSchema        struct{}
	severitySchema   struct{}
	alertSchema      struct{}
	incidentSchema   struct{}
	roleSchema       struct{}
	permissionSchema struct{}
	eventSchema      struct{}
	methodSchema     struct{}
	directionSchema  struct{}
	personSchema     struct{}
	zoneSchema       struct{}
	schoolSchema     struct{}
	typeSchema       struct{}
	stateSchema      struct{}
	sessionSchema    struct{}
	attendanceSchema struct{}
	kindSchema       struct{}
	levelSchema      struct{}
)

func (valueSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A number, true or false, or a text.",
		OneOf: []*huma.Schema{
			{Type: huma.TypeNumber}, {Type: huma.TypeBoolean},
			{Type: huma.TypeString, MaxLength: new(g.MaxStringValue)}},
	}
}
func (rawSchema) Schema(huma.Registry) *huma.Schema      { return &huma.Schema{} }
func (severitySchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.Severities()) }
func (alertSchema) Schema(huma.Registry) *huma.Schema    { return oneOf(g.AlertStates()) }
func (incidentSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]g.IncidentState{g.IncidentOpen, g.IncidentClosed})
}
func (roleSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.Roles()) }
func (permissionSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf(g.RoleDistrict.Permissions())
}
func (eventSchema) Schema(huma.Registry) *huma.Schema  { return oneOf(g.EventKinds()) }
func (methodSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.Methods()) }
func (directionSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]g.Direction{"", g.In, g.Out})
}
func (personSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.PersonKinds()) }
func (zoneSchema) Schema(huma.Registry) *huma.Schema   { return oneOf(g.ZoneKinds()) }
func (schoolSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]g.SchoolKind{g.KindSchool, g.KindDistrict})
}
func (typeSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.DeviceTypes()) }
func (stateSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf(g.DeviceStates())
}
func (sessionSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]g.SessionKind{g.SessionArrival, g.SessionMeal, g.SessionDorm})
}
func (attendanceSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]g.AttendanceState{
		g.Expected, g.Arrived, g.Late, g.LeftEarly, g.Absent, g.Excused, g.OffsiteApproved,
		g.Unknown, g.NotRequired,
	})
}

func (kindSchema) Schema(huma.Registry) *huma.Schema  { return oneOf(g.QualityKinds()) }
func (levelSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.QualityLevels()) }

// aliases teaches the document what the domain's words may be.
func aliases(r huma.Registry) {
	for _, id := range identifiers() {
		r.RegisterTypeAlias(reflect.TypeOf(id), reflect.TypeFor[idSchema]())
	}
	r.RegisterTypeAlias(reflect.TypeFor[g.Value](), reflect.TypeFor[valueSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[json.RawMessage](), reflect.TypeFor[rawSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.Severity](), reflect.TypeFor[severitySchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.AlertState](), reflect.TypeFor[alertSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.IncidentState](), reflect.TypeFor[incidentSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.Role](), reflect.TypeFor[roleSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.Permission](), reflect.TypeFor[permissionSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.EventKind](), reflect.TypeFor[eventSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.Method](), reflect.TypeFor[methodSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.Direction](), reflect.TypeFor[directionSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.PersonKind](), reflect.TypeFor[personSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.ZoneKind](), reflect.TypeFor[zoneSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.SchoolKind](), reflect.TypeFor[schoolSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.DeviceType](), reflect.TypeFor[typeSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.DeviceState](), reflect.TypeFor[stateSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.SessionKind](), reflect.TypeFor[sessionSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.QualityKind](), reflect.TypeFor[kindSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.QualityLevel](), reflect.TypeFor[levelSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[g.AttendanceState](), reflect.TypeFor[attendanceSchema]())
	weakWords(r)
}

// finish writes the document out once, for every reader the same.
func (s *Server) finish() (err error) {
	doc := s.front.OpenAPI()
	// huma's own error, which transform replaces
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} {
		delete(doc.Components.Schemas.Map(), unused)
	}
	boundEntries(doc)
	wordsFor(doc.Components.Schemas.Map())
	if err := documentExamples(doc); err != nil {
		return err
	}
	if s.spec30, err = downgraded(doc); err != nil {
		return err
	}
	documentHooks(doc)
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	s.specJSON = bytes.TrimSpace(b)
	s.specYAML, err = doc.YAML()
	return err
}

// weaknessSchema lists what is said of how a device proves itself.
type weaknessSchema string

// Schema lists what it may be.
func (weaknessSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.Weaknesses()) }

func weakWords(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[g.Weakness](), reflect.TypeFor[weaknessSchema]())
}
