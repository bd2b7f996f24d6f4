package live

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// describeTelemetry documents the parameters and responses of the Prometheus API, which no type of
// ours describes.
func (s *area) describeTelemetry(e gate.Endpoint) {
	item := s.OpenAPI().Paths[e.Path]
	op := item.Get
	needed := map[string][]string{
		"/query":           {"query"},
		"/query_range":     {"query", "start", "end", "step"},
		"/series":          {"match[]"},
		"/query_exemplars": {"query"},
	}[strings.TrimPrefix(e.Path, telemetryPrefix)]
	if e.Method == http.MethodPost {
		op = item.Post
		op.RequestBody = &huma.RequestBody{
			Description: "The parameters of GET, as a form.",
			Content: map[string]*huma.MediaType{
				"application/x-www-form-urlencoded": {Schema: promForm(e.Query, needed)},
			},
		}
	} else {
		for _, name := range e.Query {
			op.Parameters = append(op.Parameters, &huma.Param{
				Name:        name,
				In:          "query",
				Description: promWords(name),
				Required:    slices.Contains(needed, name),
				Schema:      promParameter(name),
			})
		}
	}
	op.Responses["200"].Content["application/json"].Schema = promAnswer(false)
	refused := &huma.MediaType{Schema: promAnswer(true)}
	op.Responses["400"] = &huma.Response{
		Description: "The query is wrong; `error` says where, in the shape of Prometheus.",
		Content:     map[string]*huma.MediaType{"application/json": refused},
	}
}

// promForm is the form that a POST carries.
func promForm(names, needed []string) *huma.Schema {
	form := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{},
		Required:   needed,
	}
	for _, name := range names {
		form.Properties[name] = promParameter(name)
		form.Properties[name].Description = promWords(name)
	}
	return form
}

func promParameter(name string) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	if strings.HasSuffix(name, "[]") {
		return &huma.Schema{
			Type:  huma.TypeArray,
			Items: text,
		}
	}
	return text
}

// promWords says what a parameter is, as the Prometheus HTTP API has it.
func promWords(name string) string {
	switch name {
	case "query":
		return "A PromQL expression."
	case "time":
		return "The moment, RFC 3339 or seconds since 1970; absent: now."
	case "start", "end":
		return "The first and the last moment, RFC 3339 or seconds since 1970."
	case "step":
		return "Between two moments: seconds, or a duration like 5m."
	case "timeout", "lookback_delta":
		return "Seconds, or a duration like 5m."
	case "match[]":
		return "A selector; several add up."
	case "limit", "limit_per_metric", "group_limit":
		return "At most so many; 0: no bound of the caller's."
	}
	return "As in the Prometheus HTTP API."
}

// promAnswer is the envelope of each answer.
func promAnswer(failed bool) *huma.Schema {
	text := func(words string) *huma.Schema {
		return &huma.Schema{
			Type:        huma.TypeString,
			Description: words,
		}
	}
	status := text("Whether it succeeded.")
	out := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{"status": status},
	}
	if failed {
		status.Enum = []any{"error"}
		out.Properties["errorType"] = text("The kind of error, such as bad_data.")
		out.Properties["error"] = text("What is wrong.")
		out.Required = []string{"status", "errorType", "error"}
		return out
	}
	status.Enum = []any{"success"}
	out.Properties["data"] = &huma.Schema{
		Description: "What was asked for, in the shape that the Prometheus HTTP API gives it.",
	}
	out.Properties["warnings"] = &huma.Schema{
		Type:  huma.TypeArray,
		Items: text("A warning."),
	}
	out.Properties["infos"] = &huma.Schema{
		Type:  huma.TypeArray,
		Items: text("A hint."),
	}
	out.Required = []string{"status"}
	return out
}
