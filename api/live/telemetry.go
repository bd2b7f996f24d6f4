package live

import (
	"context"
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

const telemetryPrefix = "/v1/telemetry/api/v1"

// telemetryPath is one path of Prometheus' HTTP API, with its query parameters.
type telemetryPath struct {
	methods, path, id, summary string
	query                      []string
}

func telemetryPaths() []telemetryPath {
	return []telemetryPath{
		{
			"GET POST",
			"/query",
			"query",
			"PromQL at one moment",
			[]string{"query", "time", "timeout", "limit", "lookback_delta", "stats"},
		},
		{
			"GET POST",
			"/query_range",
			"query-range",
			"PromQL over a range",
			[]string{
				"query", "start", "end", "step", "timeout", "limit", "lookback_delta", "stats",
			},
		},
		{
			"GET POST",
			"/labels",
			"labels",
			"Label names",
			[]string{"start", "end", "match[]", "limit"},
		},
		{
			"GET",
			"/label/{name}/values",
			"label-values",
			"Values of a label",
			[]string{"start", "end", "match[]", "limit"},
		},
		{
			"GET POST",
			"/series",
			"series",
			"Series that match",
			[]string{"start", "end", "match[]", "limit"},
		},
		{
			"GET",
			"/metadata",
			"metadata",
			"Metric metadata (empty)",
			[]string{"metric", "limit", "limit_per_metric"},
		},
		{
			"GET",
			"/rules",
			"telemetry-rules",
			"Prometheus rules (none)",
			[]string{
				"type", "rule_name[]", "rule_group[]", "file[]", "match[]", "exclude_alerts",
				"group_limit", "group_next_token",
			},
		},
		{
			"GET POST",
			"/query_exemplars",
			"exemplars",
			"Exemplars (none)",
			[]string{"query", "start", "end"},
		},
		{"GET", "/status/buildinfo", "buildinfo", "What Grafana asks first", []string{}},
	}
}

func (s *area) registerTelemetry() {
	const tag = "Telemetry"
	for _, t := range telemetryPaths() {
		for _, method := range strings.Fields(t.methods) {
			id := t.id
			if method == "POST" {
				id += "-by-form"
			}
			e := gate.Endpoint{
				Method:  method,
				Path:    telemetryPrefix + t.path,
				ID:      id,
				Tag:     tag,
				Perm:    g.TelemetryRead,
				Stream:  true,
				Query:   t.query,
				Raw:     "application/json",
				Summary: t.summary,
				Doc: "The Prometheus HTTP API, version 1: point Grafana's Prometheus data source " +
					"at `/v1/telemetry` with the key as bearer token. Every selector is confined " +
					"to the caller's schools.",
			}
			if t.id == "query" && method == "GET" {
				e.Example = `curl -fsS -G -H "Authorization: Bearer $GATEHOUSE_KEY" --data-urlencode 'query=gatehouse_temperature' $GATEHOUSE_URL/v1/telemetry/api/v1/query`
			}
			if strings.Contains(t.path, "{name}") {
				gate.Handle(s.Gate, e,
					func(ctx context.Context, _ *labelInput) (*huma.StreamResponse, error) {
						return s.telemetry(ctx)
					})
			} else {
				gate.Handle(s.Gate, e,
					func(ctx context.Context, _ *gate.None) (*huma.StreamResponse, error) {
						return s.telemetry(ctx)
					})
			}
			s.describeTelemetry(e)
		}
	}
}

type labelInput struct {
	Name string `path:"name" maxLength:"128" doc:"The label."`
}

func (s *area) telemetry(ctx context.Context) (*huma.StreamResponse, error) {
	if s.telemetryOf == nil {
		return nil, gate.Missing("telemetry")
	}
	all, err := s.View(ctx).Places.Schools(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]g.SchoolID, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	h := s.telemetryOf(telemetryPrefix, ids)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		done, err := s.queries.take(r.Context(), gate.CallerOf(ctx).Name())
		var full *crowd
		switch {
		case errors.As(err, &full):
			promError(w, full.status, gate.LanguageOf(r.Context()).Text(full.said))
			return
		case err != nil:
			return // the caller is gone
		}
		defer done()
		h.ServeHTTP(w, r)
	}}, nil
}
