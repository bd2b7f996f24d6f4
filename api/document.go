package api

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// newDocument begins the OpenAPI 3.1 document; registering the operations fills it in.
func newDocument(c Config) *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	nameWords(schemas)
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
		doc.Tags = append(doc.Tags, &huma.Tag{
			Name:        t[0],
			Description: t[1],
		})
	}
	return doc
}

func info(version string) *huma.Info {
	return &huma.Info{
		Title:       "Gatehouse",
		Version:     version,
		Description: introduction,
		Contact:     &huma.Contact{Name: "The administrators of this gateway"},
		License: &huma.License{
			Name:       "Apache-2.0",
			Identifier: "Apache-2.0",
		},
	}
}

// schemaName is huma's name for a type, made unique where two packages share one, and with Input
// for request bodies.
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
		{"Rules", "What the gateway watches for, and what a draft would find."},
		{"Incidents", "Procedures and hand-overs."},
		{"Duty", "Who is on duty, and who is called in turn about an alert that nobody takes."},
		{"Messages", "Messages to people: channels, addresses, templates, broadcasts and what became of them."},
		{"Lockdown", "Threat levels, drills, and the all-clear."},
		{"Calendar", "Terms, days off, and the working days in their place."},
		{"Timetable", "What sessions are made of: patterns, templates of days, changes of a day."},
		{"Visitors", "Who visits the school: asked for, expected, on site, gone."},
		{"Guardians", "The page on which guardians see their children, the leave that they ask for, and who answers."},
		{"Meals", "How many eat and have eaten, who has not, what needs a look, and what tills are told."},
		{"Musters", "Who has to be found when a school is evacuated, and who is."},
		{"Attendance", "Sessions, answers, corrections and leave."},
		{"Events", "The journal and the live stream."},
		{"Telemetry", "Readings, by the Prometheus HTTP API."},
		{"Data quality", "Whose data is not to be trusted, and why."},
		{"Keys", "API keys."}, {"Webhooks", "Events posted to a server of one's own."},
		{"Users", "Who can sign in."}, {"Audit", "Who did what."},
		{"Gateway", "Health, evidence and settings."},
	}
}

// finish completes the document. It is encoded when somebody asks for it (plain), since that takes
// most of the time in which a gateway starts.
func (s *Server) finish() error {
	if err := s.front.Finish(); err != nil {
		return err
	}
	doc := s.front.OpenAPI()
	if err := documentExamples(doc); err != nil {
		return err
	}
	documentHooks(doc)
	return nil
}
