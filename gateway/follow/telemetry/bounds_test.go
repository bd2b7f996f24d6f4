package telemetry_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// heavy is a short regular expression that is long when it is compiled.
var heavy = repeat("(.{100}){9}", 5)

// TestExpressionsAreBounded: an expression that is short and expensive is refused before it is
// parsed, with the place, and the answer says how to ask instead.
func TestExpressionsAreBounded(t *testing.T) {
	h := open(t).Handler(prefix, telemetry.Allowed{Every: true})
	now := time.Now()
	span := url.Values{
		"start": {fmt.Sprint(now.Add(-time.Hour).Unix())},
		"end":   {fmt.Sprint(now.Unix())},
		"step":  {"60"},
	}
	for _, c := range []struct{ name, expr, want string }{
		{"length", repeat("a+", 9000) + "a", "bytes; at most 16384"},
		{
			"calls",
			repeat("sum(", 200) + "x" + repeat(")", 200),
			"at byte 131: it is nested more than 32 deep",
		},
		{"brackets", repeat("(", 5000) + "1" + repeat(")", 5000), "nested more than 32 deep"},
		{"signs", repeat("-", 10000) + "1", "at byte 32: it is nested"},
		{"signs apart", repeat("- ", 5000) + "1", "nested more than 32 deep"},
		{"powers", repeat("1^", 5000) + "1", "parts; at most 1000"},
		{"selectors", repeat("a+", 99) + "a", "100 selectors; at most 64"},
		{
			"pattern's length",
			`x{a=~"` + repeat("a|", 600) + `"}`,
			"the regular expression has 1200 bytes",
		},
		{"pattern's steps", `x{a=~"` + heavy + `"}`, "steps with its repeats written out"},
		{
			"pattern apart",
			"x{a !~ # a comment\n '" + repeat(".{900}", 9) + "'}",
			"steps with its repeats written out",
		},
		{
			"a call's pattern",
			`label_replace(x, "a", "b", "c", ("` + heavy + `"))`,
			"steps with its repeats written out",
		},
		{
			"subquery",
			"max_over_time(x[30d:1s])",
			"at byte 14: the subquery has more than 11000 points",
		},
		{
			"subquery within",
			"sum(max_over_time(max_over_time(x[1h])[20d:1m]))",
			"the subquery has more than 11000 points",
		},
	} {
		for path, form := range map[string]url.Values{"/query": {}, "/query_range": span} {
			form.Set("query", c.expr)
			code, body := ask(t, h, path, form)
			if code != http.StatusBadRequest || !strings.Contains(body, c.want) ||
				!strings.Contains(body, `"bad_data"`) || !strings.Contains(body, "query: ") {
				t.Errorf("%s, %s: got %d %.200s, want 400 with %q", c.name, path, code, body,
					c.want)
			}
		}
		if _, err := (telemetry.Allowed{}).Confine("/query", url.Values{"query": {c.expr}}); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, for a server of its own: got %v, want %q", c.name, err, c.want)
		}
	}
	code, body := ask(t, h, "/query", url.Values{"query": {repeat("sum(", 200_000)}})
	if code != http.StatusBadRequest ||
		!strings.Contains(body,
			"the form has more than 131072 bytes, and an expression may have 16384") {
		t.Errorf("a form that is too large: got %d %.200s", code, body)
	}
	for name, form := range map[string]url.Values{
		"nested more than 32 deep": {"match[]": {repeat("{", 99)}},
		"steps with its repeats":   {"match[]": {`{a=~"` + heavy + `"}`}},
		"65 selectors; at most 64": {"match[]": strings.Split(repeat("x ", 64)+"x", " ")},
	} {
		for _, path := range []string{"/series", "/labels", "/label/a/values"} {
			if code, body := ask(t, h, path, form); code != http.StatusBadRequest ||
				!strings.Contains(body, name) {
				t.Errorf("%s: got %d %.200s, want 400 with %q", path, code, body, name)
			}
		}
	}
}

// TestUsualExpressionsPass are those of dashboards.
func TestUsualExpressionsPass(t *testing.T) {
	h := open(t).Handler(prefix, telemetry.Allowed{Every: true})
	for _, expr := range []string{
		"1", "-1", "1 - -1", "# only a comment at the end\n1 # here",
		`sum by (zone) (rate(gatehouse_energy{device=~"meter-(1|2|3)", zone!~"zon_.*"}[5m]))`,
		`avg_over_time(max by (zone) (gatehouse_temperature)[1d:5m])`,
		`max_over_time(gatehouse_temperature[1h:])`,
		`{device=~"` + strings.TrimSuffix(repeat("device-12345|", 70), "|") + `"}`,
		`label_replace(x, "a", "$1", "device", "(.*)-.*")`,
		`label_join(x, "a", "((((", "b")`,
		`histogram_quantile(0.9, sum by (le) (rate(x[5m]))) > bool 3 and on (zone) (y - y offset 1d)`,
	} {
		if code, body := ask(t, h, "/query", url.Values{"query": {expr}}); code != http.StatusOK {
			t.Errorf("%s: got %d %s", expr, code, body)
		}
	}
}

// TestCostWhileRunning: the answer's size and the time are bounded where the expression says
// nothing of them.
func TestCostWhileRunning(t *testing.T) {
	s, at := open(t), time.Now().Add(-time.Minute).Truncate(time.Second)
	var events []g.Event
	for i := range 120 {
		events = append(events,
			reading("sch_a", g.DeviceID(fmt.Sprintf("lab-%d", i)), at,
				map[string]g.Value{"temperature": g.NumberValue(21)}))
	}
	if err := s.Append(t.Context(), events, describe); err != nil {
		t.Fatal(err)
	}
	h := s.Handler(prefix, telemetry.Allowed{Every: true})
	long := url.Values{
		"query": {"gatehouse_temperature @ " + fmt.Sprint(at.Unix())},
		"start": {"0"},
		"end":   {"10999"},
		"step":  {"1"},
	}
	if code, body := ask(t, h, "/query_range", long); code != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "the answer has more than 1000000 values: use a longer step") {
		t.Errorf("got %d %.200s", code, body)
	}
	slow := url.Values{
		"timeout": {"0.001"},
		"query":   {"max_over_time(avg_over_time(vector(time())[10000s:1s])[10000s:1s])"},
	}
	if code, body := ask(t, h, "/query", slow); code != http.StatusServiceUnavailable ||
		!strings.Contains(body, `"timeout"`) {
		t.Errorf("got %d %.200s", code, body)
	}
}

// FuzzExpression: every query gets a response, and none that passes to the
// parser exceeds its limits.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"1", `x{a=~"b.*"}`, "sum(rate(x[5m:1m]))", "'", "`", `"\`, "=~", `x=~"("`, "#",
		"((((", "--1", `label_replace(x,"a","b","c","(")`, "x[1:]", "{\"a\"=~'\\'}",
	} {
		f.Add(s)
	}
	s, err := telemetry.Open(telemetry.Options{
		Dir:     f.TempDir(),
		LateBy:  time.Hour,
		Classes: []telemetry.Class{{Name: "default", Retention: time.Hour * 24}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, expr string) {
		h := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"a"}})
		code, body := ask(t, h, "/query", url.Values{"query": {expr}})
		if code == http.StatusInternalServerError || strings.Contains(body, "runtime error") {
			t.Errorf("%q: got %d %s", expr, code, body)
		}
	})
}
