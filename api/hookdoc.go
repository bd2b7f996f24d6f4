package api

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
)

// Names that the document uses of deliveries; a test compares them with what is posted.
const (
	cloudEventType = "application/cloudevents+json"
	subjectHeader  = "gatehouse-subject"
	sequenceHeader = "gatehouse-sequence"
)

// needed says which permission an event takes.
func needed(p g.Permission) string {
	if p == "" {
		return "Whoever made the webhook may see it without a permission."
	}
	return "Needs the permission `" + string(p) + "` of whoever made the webhook."
}

// documentHooks describes what is posted to webhooks: one entry for each kind of event, and the
// test delivery. The schemas are inline, not components: oapi-codegen drops components that no path
// uses, and its output would not compile.
func documentHooks(doc *huma.OpenAPI) {
	doc.Webhooks = map[string]*huma.PathItem{}
	whole := doc.Components.Schemas.Map()["Event"]
	parts := []string{}
	for _, k := range g.EventKinds() {
		parts = append(parts, partOf(k))
	}
	for _, k := range g.EventKinds() {
		data := *whole
		data.Properties = maps.Clone(whole.Properties)
		maps.DeleteFunc(data.Properties, func(name string, _ *huma.Schema) bool {
			return name != partOf(k) && slices.Contains(parts, name)
		})
		data.Properties["kind"] = &huma.Schema{
			Type:        huma.TypeString,
			Enum:        []any{string(k)},
			Description: "Says which part is set.",
		}
		data.Required = append(slices.Clone(whole.Required), partOf(k))
		data.Description = "An event of the kind " + string(k) +
			". Absent where it is too large for a webhook: dataref says where to read it."
		doc.Webhooks[string(k)] = posts(string(k), posted(string(k), &data),
			"An event of the kind "+string(k)+" happened",
			needed(k.WebhookPermission()))
	}
	test := posted("test", &huma.Schema{
		Type:                 huma.TypeObject,
		Description:          "Says that it is a test.",
		AdditionalProperties: false,
		Required:             []string{"message"},
		Properties: map[string]*huma.Schema{
			"message": {
				Type:        huma.TypeString,
				Description: "In words.",
			},
		},
	})
	doc.Webhooks["test"] = posts("test", test, "Somebody asked for a test",
		"Posted by POST /v1/webhooks/{id}/test.")
}

// partOf is the member of an event that holds what is particular to its kind.
func partOf(k g.EventKind) string {
	if k == g.EventRejected {
		return "rejection"
	}
	return string(k)
}

// posted is the schema of the envelope with data of one kind.
func posted(kind string, data *huma.Schema) *huma.Schema {
	text := func(doc string) *huma.Schema {
		return &huma.Schema{
			Type:        huma.TypeString,
			Description: doc,
		}
	}
	word := func(doc, value string) *huma.Schema {
		return &huma.Schema{
			Type:        huma.TypeString,
			Description: doc,
			Enum:        []any{value},
		}
	}
	return &huma.Schema{
		Type: huma.TypeObject,
		Description: "A CloudEvents 1.0 document in structured mode. The same event has " +
			"the same id, also where it comes twice.",
		AdditionalProperties: false,
		Required:             []string{"specversion", "id", "source", "type", "time"},
		Properties: map[string]*huma.Schema{
			"specversion": word("The version of CloudEvents.", "1.0"),
			"id":          text("The event's id, as in the header webhook-id."),
			"source":      text("The school: /gatehouse/schools/ and its id."),
			"type":        word("The kind of event.", "school.gatehouse."+kind),
			"subject": text("What it is about: an alert's, an incident's, a rule's, a person's or " +
				"a device's id."),
			"time": {
				Type:        huma.TypeString,
				Format:      "date-time",
				Description: "When it happened.",
			},
			"sequence":        text("The event's place in the journal, a number in digits."),
			"datacontenttype": word("What data is.", "application/json"),
			"dataref": text("Where to read the event, which is too large for a webhook: " +
				"a path of this API."),
			"data": data,
		},
	}
}

// posts is an entry of the document's webhooks.
func posts(kind string, schema *huma.Schema, summary, doc string) *huma.PathItem {
	header := func(name, doc string, required bool) *huma.Param {
		return &huma.Param{
			Name:        name,
			In:          "header",
			Required:    required,
			Schema:      &huma.Schema{Type: huma.TypeString},
			Description: doc,
		}
	}
	return &huma.PathItem{
		Post: &huma.Operation{
			OperationID: "on-" + kind,
			Tags:        []string{"Webhooks"},
			Summary:     summary,
			Description: "Posted to the address of a webhook that asks for it. " + doc,
			Security:    []map[string][]string{},
			Parameters: []*huma.Param{
				header("webhook-id", "The event's id; the same where it comes again.", true),
				header("webhook-timestamp", "When this attempt was made, in seconds since 1970.",
					true),
				header("webhook-signature",
					"One or two signatures with a space between them: v1, and the base64 of "+
						"HMAC-SHA256 over id.timestamp.body (Standard Webhooks).",
					true),
				header(subjectHeader, "Events of one subject come in order.", false),
				header(sequenceHeader, "Rises from one event of a subject to the next.", false),
			},
			RequestBody: &huma.RequestBody{
				Required: true,
				Content:  map[string]*huma.MediaType{cloudEventType: {Schema: schema}},
			},
			Responses: map[string]*huma.Response{
				"2XX":     {Description: "Taken."},
				"410":     {Description: "Nothing more is wanted: the webhook is disabled."},
				"default": {Description: "Not taken: it is tried again for three days."},
			},
		},
	}
}

// downgraded is the document in OpenAPI 3.0, without what that does not have: webhooks, siblings of
// $ref, and keywords of 3.1.
func downgraded(doc *huma.OpenAPI) ([]byte, error) {
	b, err := doc.Downgrade()
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	delete(v.(map[string]any), "webhooks")
	aloneRefs(v)
	if licence, ok := v.(map[string]any)["info"].(map[string]any)["license"].(map[string]any); ok {
		delete(licence, "identifier")
		licence["url"] = "https://www.apache.org/licenses/LICENSE-2.0"
	}
	return json.Marshal(v)
}

// aloneRefs removes the siblings of each $ref, and contentMediaType.
func aloneRefs(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "contentMediaType")
		if ref, ok := v["$ref"].(string); ok {
			clear(v)
			v["$ref"] = ref
			return
		}
		for _, x := range v {
			aloneRefs(x)
		}
	case []any:
		for _, x := range v {
			aloneRefs(x)
		}
	}
}
