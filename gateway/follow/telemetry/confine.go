package telemetry

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Selector is the condition that every selector of the caller must fulfil, as PromQL; "" for
// a caller who may read everything.
func (a Allowed) Selector() string {
	if m := a.matcher(); m != nil {
		return "{" + m.String() + "}"
	}
	return ""
}

// Confine checks a request to the Prometheus HTTP API as Handler does, and returns the form to send
// to another server: only the parameters that this API knows, with the caller's schools added to
// each selector. path is that below the prefix, such as /query_range.
func (a Allowed) Confine(path string, form url.Values) (url.Values, error) {
	out := url.Values{}
	var err error
	switch path {
	case "/query":
		_, err = timeParam(form, "time", time.Now())
		carry(out, form, "query", "time", "timeout")
	case "/query_range":
		_, _, _, err = span(form)
		carry(
			out,
			form,
			"query",
			"start",
			"end",
			"step",
			"timeout",
		)
	default:
		carry(out, form, "start", "end", "limit")
		return out, a.matches(out, form, path == "/series")
	}
	if err != nil {
		return nil, err
	}
	if form.Get("timeout") != "" {
		if _, err := durationParam(form, "timeout"); err != nil {
			return nil, err
		}
	}
	expr, err := a.expression(form.Get("query"))
	if err != nil {
		return nil, badData{fmt.Errorf("query: %w", err)}
	}
	out.Set("query", expr)
	return out, nil
}

func carry(to, from url.Values, names ...string) {
	for _, n := range names {
		if v := from.Get(n); v != "" {
			to.Set(n, v)
		}
	}
}

// matches writes the match[] parameters with the schools added; without one, the schools are
// the only condition.
func (a Allowed) matches(out, form url.Values, required bool) error {
	sets, _, _, err := matchParams(form, required)
	if err != nil {
		return err
	}
	by := a.matcher()
	if len(sets) == 0 && by != nil {
		sets = [][]*labels.Matcher{nil}
	}
	for _, ms := range sets {
		if by != nil {
			ms = append(ms, by)
		}
		parts := make([]string, len(ms))
		for i, m := range ms {
			parts[i] = m.String()
		}
		out.Add("match[]", "{"+strings.Join(parts, ",")+"}")
	}
	return nil
}

// expression is the expression with the schools added to each selector in it.
func (a Allowed) expression(text string) (string, error) {
	expr, err := parse(text)
	if err != nil {
		return "", err
	}
	by := a.matcher()
	if by == nil {
		return text, nil
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			v.LabelMatchers = append(v.LabelMatchers, by)
		}
		return nil
	})
	return expr.String(), nil
}
