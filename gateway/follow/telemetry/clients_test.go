package telemetry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	prometheus "github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// filled is a server for school a, with five minutes of readings of two schools, the last
// of them at end.
func filled(t *testing.T) (base string, end time.Time) {
	t.Helper()
	s := open(t)
	end = time.Now().Add(-time.Minute).Truncate(time.Minute)
	for i := range 6 {
		at := end.Add(time.Duration(i-5) * time.Minute)
		events := []g.Event{
			reading("sch_a", "lab-a", at,
				map[string]g.Value{
					"temperature": g.NumberValue(20 + float64(i)),
					"smoke":       g.BoolValue(i == 5),
				}),
			reading("sch_a", "board-a", at,
				map[string]g.Value{"brightness": g.NumberValue(float64(i))}),
			reading("sch_b", "lab-b", at, map[string]g.Value{"temperature": g.NumberValue(88.125)}),
		}
		if err := s.Append(t.Context(), events, describe); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(s.Handler("/v1/telemetry/api/v1",
		telemetry.Allowed{Schools: []g.SchoolID{"sch_a"}}))
	t.Cleanup(server.Close)
	return server.URL + "/v1/telemetry", end
}

// TestPromtool asks with Debian's promtool.
func TestPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; deploy/setup/debian.sh test brings it")
	}
	base, end := filled(t)
	at, from := end.Format(time.RFC3339), strconv.FormatInt(end.Add(-5*time.Minute).Unix(), 10)
	const temperature = `gatehouse_temperature{device="lab-a", profile="lab", school="sch_a", type="sensor", zone="zon_1"}`
	for _, c := range []struct {
		args []string
		want []string // parts of the answer
	}{
		{
			[]string{"instant", "--time=" + at, base, "gatehouse_temperature"},
			[]string{temperature + " => 25 @[" + strconv.FormatInt(end.Unix(), 10) + "]"},
		},
		{
			[]string{
				"instant",
				"--time=" + at,
				base,
				"sum(count_over_time({__name__=~'.*temperature'}[10m])) + count({school!=''})",
			},
			[]string{"{} => 9 @"},
		},
		{[]string{"instant", base, "1+1"}, []string{"scalar: 2 @"}},
		{[]string{
			"range", "--start=" + from, "--end=" + strconv.FormatInt(end.Unix(), 10),
			"--step=1m", base, "max by (school) (gatehouse_temperature)",
		},
			[]string{"{school=\"sch_a\"} =>\n20 @[", "\n23 @[", "\n25 @["}},
		{
			[]string{
				"series",
				"--match=gatehouse_temperature",
				"--match={device=~\"board-.*\"}",
				base,
			},
			[]string{`device="lab-a"`, `__name__="gatehouse_brightness"`},
		},
		{
			[]string{"series", "--match={school=~\".*\"}", "--start=" + from, "--end=" + at, base},
			[]string{`__name__="gatehouse_smoke"`},
		},
		{
			[]string{"labels", base, "__name__"},
			[]string{"gatehouse_brightness\ngatehouse_smoke\ngatehouse_temperature\n"},
		},
		{
			[]string{"labels", "--match={device=\"board-a\"}", base, "type"},
			[]string{"class_board\n"},
		},
		{[]string{"labels", base, "school"}, []string{"sch_a\n"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		out, err := exec.CommandContext(ctx, tool, append([]string{"query"}, c.args...)...).CombinedOutput()
		cancel()
		if err != nil {
			t.Errorf("promtool query %v: %v: %s", c.args, err, out)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("promtool query %v: got\n%s\nwant it to hold\n%s", c.args, out, want)
			}
		}
		if strings.Contains(string(out), "sch_b") || strings.Contains(string(out), "lab-b") ||
			strings.Contains(string(out), "88.125") {
			t.Errorf("promtool query %v shows the other school: %s", c.args, out)
		}
	}
	out, err := exec.Command(tool, "query", "instant", base, "sum(").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "parse error") {
		t.Errorf("a wrong expression: got %v %s, want promtool to fail with the parse error", err,
			out)
	}
}

// TestClientGolang asks with Prometheus' own Go client.
func TestClientGolang(t *testing.T) {
	base, end := filled(t)
	c, err := prometheus.NewClient(prometheus.Config{Address: base})
	if err != nil {
		t.Fatal(err)
	}
	api, ctx := v1.NewAPI(c), t.Context()
	got := map[string]any{}
	keep := func(name string, v any, w v1.Warnings, err error) {
		got[name] = v
		if err != nil || len(w) > 0 {
			t.Errorf("%s: got error %v, warnings %v", name, err, w)
		}
	}
	instant, w, err := api.Query(ctx, `sum by (device) (gatehouse_temperature)`, end,
		v1.WithTimeout(5*time.Second))
	keep("instant", fmt.Sprint(instant), w, err)
	scalar, w, err := api.Query(ctx, `scalar(gatehouse_smoke)`, end)
	keep("scalar", fmt.Sprint(scalar), w, err)
	nan, w, err := api.Query(ctx, `sum(gatehouse_temperature) * NaN`, end)
	keep("NaN", fmt.Sprint(nan), w, err)
	raw, w, err := api.Query(ctx, `gatehouse_brightness[3m]`, end)
	keep("raw", len(raw.(model.Matrix)[0].Values), w, err)
	ranged, w, err := api.QueryRange(ctx, `gatehouse_temperature`,
		v1.Range{Start: end.Add(-5 * time.Minute), End: end, Step: time.Minute},
		v1.WithTimeout(5*time.Second))
	var values []string
	for _, p := range ranged.(model.Matrix)[0].Values {
		values = append(values, p.Value.String())
	}
	keep("range", values, w, err)
	names, w, err := api.LabelNames(ctx, []string{`gatehouse_smoke`}, end.Add(-time.Hour), end)
	keep("labels", names, w, err)
	devices, w, err := api.LabelValues(ctx, "device", nil, end.Add(-time.Hour), end)
	keep("devices", fmt.Sprint(devices), w, err)
	series, w, err := api.Series(ctx, []string{`{device=~"lab-.*"}`}, end.Add(-time.Hour), end)
	keep("series", len(series), w, err)
	build, err := api.Buildinfo(ctx)
	keep("buildinfo", build.Version, nil, err)
	meta, err := api.Metadata(ctx, "", "10")
	keep("metadata", len(meta), nil, err)
	rules, err := api.Rules(ctx)
	keep("rules", len(rules.Groups), nil, err)
	exemplars, err := api.QueryExemplars(ctx, "gatehouse_temperature", end.Add(-time.Hour), end)
	keep("exemplars", len(exemplars), nil, err)

	stamp := fmt.Sprintf(" @[%d]", end.Unix())
	want := map[string]any{
		"instant": `{device="lab-a"} => 25` + stamp,
		"scalar":  "scalar: 1" + stamp, "NaN": "{} => NaN" + stamp, "raw": 3,
		"range":   []string{"20", "21", "22", "23", "24", "25"},
		"labels":  []string{"__name__", "device", "profile", "school", "type", "zone"},
		"devices": "[board-a lab-a]",
		"series":  2, "buildinfo": "2.55.0", "metadata": 0, "rules": 0, "exemplars": 0,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("client_golang sees (got, want):\n%s", d)
	}

	cut, w, err := api.LabelValues(ctx, "__name__", nil, end.Add(-time.Hour), end, v1.WithLimit(1))
	if fmt.Sprint(cut) != "[gatehouse_brightness]" || len(w) != 1 || err != nil {
		t.Errorf("limit=1: got %v, warnings %v, error %v; want one name and a warning", cut, w, err)
	}
	_, _, err = api.Query(ctx, `sum(`, end)
	if e, ok := err.(*v1.Error); !ok || e.Type != v1.ErrBadData ||
		!strings.Contains(e.Msg, "parse error") {
		t.Errorf("a wrong expression: got %#v, want bad_data with the parse error", err)
	}
	_, _, err = api.QueryRange(ctx, `gatehouse_temperature`,
		v1.Range{Start: end.Add(-time.Hour), End: end, Step: time.Millisecond})
	if e, ok := err.(*v1.Error); !ok || e.Type != v1.ErrBadData ||
		!strings.Contains(e.Msg, "longer step") {
		t.Errorf("too many points: got %#v, want bad_data that says to use a longer step", err)
	}
}

// TestGrafanaShapes sends what Grafana's Prometheus data source sends: first to see whether
// the server is there and of which kind, then to complete names, then for panels.
func TestGrafanaShapes(t *testing.T) {
	base, end := filled(t)
	now, from := strconv.FormatInt(end.Unix(), 10), strconv.FormatInt(
		end.Add(-5*time.Minute).Unix(), 10)
	span := url.Values{"start": {from}, "end": {now}}
	with := func(v url.Values, pairs ...string) url.Values {
		out := url.Values{}
		for k, all := range v {
			out[k] = all
		}
		for i := 0; i < len(pairs); i += 2 {
			out.Add(pairs[i], pairs[i+1])
		}
		return out
	}
	for _, c := range []struct {
		method, path string
		form         url.Values
		want         string // of the data, as compact JSON; "" only wants success
	}{
		{
			"POST",
			"/query",
			url.Values{"query": {"1+1"}, "time": {"4"}},
			`{"result":[4,"2"],"resultType":"scalar"}`,
		},
		{"GET", "/status/buildinfo", nil, `{"application":"gatehouse","version":"2.55.0"}`},
		{"GET", "/rules", nil, `{"groups":[]}`},
		{"GET", "/metadata", url.Values{"limit": {"40000"}}, `{}`},
		{
			"GET",
			"/label/__name__/values",
			with(span, "limit", "40000"),
			`["gatehouse_brightness","gatehouse_smoke","gatehouse_temperature"]`,
		},
		{
			"GET",
			"/label/device/values",
			with(span, "match[]", `gatehouse_temperature`),
			`["lab-a"]`,
		},
		{
			"GET",
			"/label/device/values",
			with(span, "match[]", `{__name__="gatehouse_temperature",device=~"lab-.*|board-.*"}`),
			`["lab-a"]`,
		},
		{
			"POST",
			"/labels",
			with(span, "match[]", `gatehouse_smoke{device!=""}`),
			`["__name__","device","profile","school","type","zone"]`,
		},
		{"GET", "/labels", span, `["__name__","device","profile","school","type","zone"]`},
		{
			"POST",
			"/series",
			with(span, "match[]", `gatehouse_smoke`),
			`[{"__name__":"gatehouse_smoke","device":"lab-a","profile":"lab","school":"sch_a","type":"sensor","zone":"zon_1"}]`,
		},
		{
			"GET",
			"/series",
			with(span, "match[]", `gatehouse_brightness`, "match[]", `{device="nobody"}`),
			`[{"__name__":"gatehouse_brightness","device":"board-a","profile":"board","school":"sch_a","type":"class_board","zone":"zon_1"}]`,
		},
		{"POST", "/query_range",
			with(span, "query",
				`sum(avg_over_time(gatehouse_temperature{device=~"lab-a|lab-b"}[1m0s]))`, "step",
				"60", "timeout", "60s"),
			fmt.Sprintf(`{"result":[{"metric":{},"values":[[%[1]s,"20"],[%d,"21"],[%d,"22"],[%d,"23"],[%d,"24"],[%d,"25"]]}],"resultType":"matrix"}`,
				from, end.Unix()-240, end.Unix()-180, end.Unix()-120, end.Unix()-60, end.Unix())},
		{
			"GET",
			"/query_range",
			url.Values{
				"query": {`gatehouse_smoke == 1`},
				"start": {now + ".000"},
				"end":   {now + ".999"},
				"step":  {"0.5"},
			},
			"",
		},
		{"POST", "/query", with(nil, "query", `topk(1, gatehouse_brightness)`, "time", now+".123"),
			`{"result":[{"metric":{"__name__":"gatehouse_brightness","device":"board-a","profile":"board","school":"sch_a","type":"class_board","zone":"zon_1"},"value":[` +
				now + `.123,"5"]}],"resultType":"vector"}`},
		{"POST", "/query_exemplars", with(span, "query", `gatehouse_temperature`), `[]`},
	} {
		target, body := base+"/api/v1"+c.path, ""
		if c.method == "POST" {
			body = c.form.Encode()
		} else {
			target += "?" + c.form.Encode()
		}
		r, err := http.NewRequestWithContext(t.Context(), c.method, target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Status string `json:"status"`
			Data   any    `json:"data"`
			Error  string `json:"error"`
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		got, _ := json.Marshal(answer.Data)
		if err != nil || resp.StatusCode != http.StatusOK || answer.Status != "success" ||
			c.want != "" && string(got) != c.want {
			t.Errorf("%s %s %v: got %d %s %s (%v), want %s", c.method, c.path, c.form,
				resp.StatusCode, got, answer.Error, err, c.want)
		}
	}
}

// FuzzRequest checks that no request panics and every response is the API's JSON.
func FuzzRequest(f *testing.F) {
	for _, form := range []string{"query=up&time=1",
		"query=sum(rate(x[5m] @ end()))&start=0&end=10&step=1s&timeout=1ms",
		"match[]={a=~\".*\"}&start=-1e300&end=NaN&limit=-1",
		"query={__name__=\"\"}&time=9999-12-31T23:59:59Z", "match[]=x&start=1e10&end=Inf&limit=1",
		"query=x%00&step=0x1p-2&start=5&end=1"} {
		for i := range 5 {
			f.Add(uint8(i), form)
		}
	}
	s, err := telemetry.Open(telemetry.Options{
		Dir:     f.TempDir(),
		Classes: []telemetry.Class{{Name: "default", Retention: 24 * time.Hour}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	at := time.Now()
	if err := s.Append(context.Background(),
		[]g.Event{reading("sch_a", "lab-a", at, map[string]g.Value{"x": g.NumberValue(1)})},
		describe); err != nil {
		f.Fatal(err)
	}
	h := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"sch_b"}})
	paths := []string{"/query", "/query_range", "/labels", "/label/device/values", "/series"}
	f.Fuzz(func(t *testing.T, path uint8, form string) {
		r := httptest.NewRequest("POST", prefix+paths[int(path)%len(paths)],
			strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "lab-a") {
			t.Errorf("%q: got %d %q, want JSON that shows nothing of the other school", form,
				w.Code, w.Body)
		}
	})
}

// FuzzConfine checks that every expression that is sent on to another server has the school in
// every selector, also when it is parsed again.
func FuzzConfine(f *testing.F) {
	for _, expr := range []string{`up`, `{school="sch_b"} or x{school=~".*"}`,
		`sum by (school) (rate({__name__=~".+"}[5m:1m] offset -1h @ end()))`,
		`count_values("v", x) / ignoring(a) group_left() y`,
		`absent({"utf8 name", "a.b"="}\"{"})`, `-x ^ 2 > bool 1 and on () vector(1)`,
		`label_replace(x, "school", "$1", "device", "(.*)")`, "x{a=`\"}`} # comment", `"{"`} {
		f.Add(expr, "sch_a", "")
		f.Add(expr, `a"} or {b="`, `.*|\Q`)
	}
	f.Fuzz(func(t *testing.T, expr, one, two string) {
		allowed := telemetry.Allowed{Schools: []g.SchoolID{g.SchoolID(one)}}
		if two != "" {
			allowed.Schools = append(allowed.Schools, g.SchoolID(two))
		}
		by, err := parser.ParseMetricSelector(allowed.Selector())
		if err != nil || len(by) != 1 {
			t.Fatalf("the schools %q and %q became %q: %v", one, two, allowed.Selector(), err)
		}
		out, err := allowed.Confine("/query",
			url.Values{"query": {expr}, "extra_filters[]": {"{}"}})
		if err != nil {
			return
		}
		if len(out) != 1 {
			t.Errorf("%q: got the parameters %v, want the query alone", expr, out)
		}
		again, err := parser.ParseExpr(out.Get("query"))
		if err != nil {
			t.Fatalf("%q became %q: %v", expr, out.Get("query"), err)
		}
		parser.Inspect(again, func(n parser.Node, _ []parser.Node) error {
			if v, ok := n.(*parser.VectorSelector); ok &&
				!slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool {
					return m.String() == by[0].String()
				}) {
				t.Errorf("%q became %q: a selector has no school", expr, out.Get("query"))
			}
			return nil
		})
	})
}
