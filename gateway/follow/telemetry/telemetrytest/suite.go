// Package telemetrytest checks that every store of readings keeps the same promises: what
// was written is read back through the Prometheus HTTP API, late and repeated readings
// included, no request reaches another school, and a store that was away has everything once
// the caller has tried again.
package telemetrytest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

// Store is what every store of readings does.
type Store interface {
	Append(context.Context, []g.Event, telemetry.Describe) error
	Handler(prefix string, allowed telemetry.Allowed) http.Handler
	Stats() telemetry.Stats
	Close() error
}

// Rig is a store under test, and what can be done to the server below it.
type Rig struct {
	Open func(*testing.T) Store // opens it anew over the same data
	// Stop and Start are those of the server behind the store; nil where there is none. Start
	// returns once the server answers.
	Stop, Start func(*testing.T)
}

const (
	prefix   = "/v1/telemetry/api/v1"
	patience = 2 * time.Minute
)

// Run checks the promises on a store, which must be empty.
func Run(t *testing.T, rig Rig) {
	w := &world{
		rig: rig,
		end: time.Now().Add(-5 * time.Minute).Truncate(time.Minute),
	}
	w.open(t)
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"empty", w.empty}, {"read back", w.readBack}, {"another school", w.schools},
		{"late and twice", w.late},
		{"awkward", w.awkward}, {"wrong requests", w.wrong}, {"restart", w.restart},
		{"away", w.away},
	} {
		if !t.Run(c.name, c.run) {
			return // each builds on the one before
		}
	}
}

type world struct {
	rig   Rig
	store Store
	end   time.Time // of the readings
}

func (w *world) open(t *testing.T) { w.store = w.rig.Open(t) }

func describe(d g.DeviceID) (telemetry.Series, bool) {
	return telemetry.Series{
		Profile: "lab",
		Type:    g.TypeSensor,
	}, d != "ghost"
}

func reading(school g.SchoolID, d g.DeviceID, at time.Time, values map[string]g.Value) g.Event {
	return g.Event{
		Kind:     g.EventReading,
		School:   school,
		Device:   d,
		Zone:     "zon_1",
		Time:     at,
		Received: at,
		Reading:  &g.Reading{Values: values},
	}
}

func number(property string, f float64) map[string]g.Value {
	return map[string]g.Value{property: g.NumberValue(f)}
}

func (w *world) append(t *testing.T, events ...g.Event) {
	t.Helper()
	if err := w.store.Append(t.Context(), events, describe); err != nil {
		t.Fatal(err)
	}
}

// ask is one request by form for the given schools; none given are all.
func (w *world) ask(
	t *testing.T, path string, form url.Values, schools ...g.SchoolID,
) (int, string) {
	t.Helper()
	return Ask(t,
		w.store.Handler(prefix, telemetry.Allowed{
			Every:   len(schools) == 0,
			Schools: schools,
		}),
		path, form)
}

// Ask posts a form to a path of a store's handler, over a real connection.
func Ask(t *testing.T, h http.Handler, path string, form url.Values) (int, string) {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix("/under", h))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		server.URL+"/under"+prefix+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer the-callers-own")
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !json.Valid(b) {
		t.Fatalf("%s %v: got %d %q (%v), want JSON", path, form, resp.StatusCode, b, err)
	}
	return resp.StatusCode, strings.TrimSpace(string(b))
}

// value is the expression's only value at a moment, "" where there is none.
func (w *world) value(t *testing.T, expr string, at time.Time, schools ...g.SchoolID) string {
	t.Helper()
	code, body := w.ask(t, "/query", url.Values{
		"query": {expr},
		"time":  {stamp(at)},
	}, schools...)
	var a struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || code != http.StatusOK ||
		len(a.Data.Result) > 1 {
		t.Fatalf("%s: got %d %s (%v), want at most one value", expr, code, body, err)
	}
	if len(a.Data.Result) == 0 {
		return ""
	}
	return fmt.Sprint(a.Data.Result[0].Value[1])
}

func stamp(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

// settle waits until an expression has a value: a store may take a moment to show what it
// was given.
func (w *world) settle(t *testing.T, expr, want string) {
	t.Helper()
	deadline, got := time.Now().Add(patience), ""
	for time.Now().Before(deadline) {
		if got = w.value(t, expr, w.end); got == want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s: got %q, want %q", expr, got, want)
}

func (w *world) empty(t *testing.T) {
	if got := w.value(t, `count({__name__=~"gatehouse_.+"})`, w.end); got != "" {
		t.Fatalf("got %s series, want a store that is empty at first", got)
	}
	w.append(t) // nothing to write is no error
	if _, got := w.ask(t, "/query", url.Values{
		"query": {"1+1"},
		"time":  {"4"},
	}, "sch_a"); got != `{"data":{"result":[4,"2"],"resultType":"scalar"},"status":"success"}` &&
		!strings.Contains(got, `[4,"2"]`) {
		t.Errorf("1+1: got %s, want 2", got)
	}
}

// readBack writes ten minutes of two schools, the last reading at end.
func (w *world) readBack(t *testing.T) {
	for i := range 11 {
		at := w.end.Add(time.Duration(i-10) * time.Minute)
		w.append(t,
			reading("sch_a", "lab-a", at,
				map[string]g.Value{
					"temperature": g.NumberValue(20 + float64(i)),
					"smoke":       g.BoolValue(i == 10),
					"mode":        g.StringValue("auto"),
				}),
			reading("sch_a", "lab-c", at, number("temperature", -1.5)),
			reading("sch_b", "lab-b", at,
				map[string]g.Value{"temperature": g.NumberValue(99), "secret": g.NumberValue(1)}),
			reading("sch_a", "ghost", at, number("temperature", 1)),
			g.Event{
				Kind:   g.EventStatus,
				School: "sch_a",
				Device: "lab-a",
				Time:   at,
				Status: &g.Status{State: g.StateOnline},
			},
		)
	}
	w.settle(t, `sum(count_over_time(gatehouse_temperature[15m]))`, "33")
	w.settle(t,
		`sum(count_over_time(gatehouse_smoke[15m])) + sum(count_over_time(gatehouse_secret[15m]))`,
		"22")
	for _, c := range []struct{ expr, want string }{
		{`gatehouse_temperature{device="lab-a"}`, "30"},
		{
			`gatehouse_temperature{device="lab-a",school="sch_a",zone="zon_1",profile="lab",type="sensor"}`,
			"30",
		},
		{`gatehouse_temperature{device="lab-c"}`, "-1.5"},
		{`gatehouse_smoke`, "1"},
		{`min_over_time(gatehouse_temperature{device="lab-a"}[15m])`, "20"},
		{`sum by (school) (gatehouse_temperature{device!~"lab-(b|c)"})`, "30"},
		{`count({__name__=~"gatehouse_.*"})`, "5"},
		{`gatehouse_temperature{device="lab-a"} offset 5m`, "25"},
		{`gatehouse_temperature{device="lab-a"} > 100`, ""},
		{`gatehouse_mode`, ""},
		{`gatehouse_temperature{nothing!=""}`, ""},
		{`count(gatehouse_temperature{nothing=""})`, "3"},
	} {
		if got := w.value(t, c.expr, w.end); got != c.want {
			t.Errorf("%s: got %q, want %q", c.expr, got, c.want)
		}
	}
	if got := w.value(t, `gatehouse_temperature{device="lab-a"}`,
		w.end.Add(telemetry.Lookback+time.Second)); got != "" {
		t.Errorf("a value older than %s: got %s, want none", telemetry.Lookback, got)
	}
	_, got := w.ask(t, "/query_range", url.Values{
		"query": {`gatehouse_temperature{device="lab-a"}`},
		"start": {stamp(w.end.Add(-4 * time.Minute))},
		"end":   {stamp(w.end)},
		"step":  {"120"},
	}, "sch_a")
	for i, v := range []int{26, 28, 30} {
		at := w.end.Add(time.Duration(2*i-4) * time.Minute)
		if want := fmt.Sprintf(`[%d,"%d"]`, at.Unix(), v); !strings.Contains(got, want) {
			t.Errorf("query_range: got %s, want it to hold %s", got, want)
		}
	}
	if got := w.store.Stats().Unknown; got != 11 {
		t.Errorf("got %d readings of unknown devices, want 11", got)
	}
	w.names(t)
}

// names asks for labels and series, with and without times.
func (w *world) names(t *testing.T) {
	span := url.Values{
		"start": {stamp(w.end.Add(-time.Hour))},
		"end":   {stamp(w.end)},
	}
	for _, c := range []struct {
		path  string
		match []string
		want  []string
	}{
		{"/labels", nil, []string{"__name__", "device", "profile", "school", "type", "zone"}},
		{"/label/device/values", nil, []string{"lab-a", "lab-c"}},
		{"/label/device/values", []string{"gatehouse_smoke"}, []string{"lab-a"}},
		{
			"/label/device/values",
			[]string{"gatehouse_smoke", `{device=~"lab-(b|c)"}`},
			[]string{"lab-a", "lab-c"},
		},
		{"/label/__name__/values", nil, []string{"gatehouse_smoke", "gatehouse_temperature"}},
		{"/label/school/values", []string{`{__name__=~".+"}`}, []string{"sch_a"}},
		{"/label/nothing/values", nil, []string{}},
	} {
		for _, form := range []url.Values{span, {}} {
			form = url.Values{
				"start":   form["start"],
				"end":     form["end"],
				"match[]": c.match,
			}
			_, body := w.ask(t, c.path, form, "sch_a")
			var a struct{ Data []string }
			if err := json.Unmarshal([]byte(body), &a); err != nil {
				t.Fatal(err)
			}
			slices.Sort(a.Data)
			if d := cmp.Diff(a.Data, c.want); d != "" {
				t.Errorf("%s %v (got, want):\n%s", c.path, form, d)
			}
		}
	}
	_, body := w.ask(t, "/series", url.Values{"match[]": {"gatehouse_smoke"}}, "sch_a")
	var a struct{ Data []map[string]string }
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{
		"__name__": "gatehouse_smoke",
		"device":   "lab-a",
		"profile":  "lab",
		"school":   "sch_a",
		"type":     "sensor",
		"zone":     "zon_1",
	}}
	if d := cmp.Diff(a.Data, want); d != "" {
		t.Errorf("series (got, want):\n%s", d)
	}
}

// schools tries in every way to reach the other school.
func (w *world) schools(t *testing.T) {
	at := stamp(w.end)
	form := func(pairs ...string) url.Values {
		v := url.Values{
			"time":  {at},
			"start": {stamp(w.end.Add(-10 * time.Minute))},
			"end":   {at},
			"step":  {"60"},
		}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	exprs := []string{
		`gatehouse_temperature`,
		`gatehouse_temperature{school="sch_b"} or gatehouse_temperature{school=~".+"}`,
		`max_over_time(gatehouse_temperature[5m:1m]) or count({__name__=~".+"})`,
		`{school!="sch_a"}`, `{device="lab-b"}`,
		`label_replace(gatehouse_temperature, "school", "sch_a", "device", ".*")`,
		`absent(gatehouse_secret) * 0 + gatehouse_temperature @ end()`,
		`{__name__=~".+",school=~"sch_a|sch_b"} offset 1m`,
		`group by (school, device) ({__name__!=""})`,
		`gatehouse_temperature and on (zone) gatehouse_secret`,
		`{"gatehouse_temperature", school="sch_b"}`,
	}
	var requests []struct {
		path string
		form url.Values
	}
	add := func(path string, v url.Values) {
		// what a path does not take is refused
		for _, only := range []string{"time", "start", "end", "step"} {
			if !slices.Contains(telemetry.Params(labelled(path)), only) {
				v.Del(only)
			}
		}
		requests = append(requests, struct {
			path string
			form url.Values
		}{path, v})
	}
	for _, e := range exprs {
		add("/query", form("query", e))
		add("/query_range", form("query", e))
		// Filter parameters of the caller must not reach the server.
		add("/query",
			form("query", e, "extra_filters[]", `{school="sch_b"}`, "extra_filters",
				`{school="sch_b"}`, "extra_label", "school=sch_b", "db", "x", "bucket", "x"))
		add("/query_range",
			form(
				"query",
				e,
				"extra_filters[]",
				`{school=~".*"}`,
				"extra_label",
				"school=sch_b",
			))
	}
	for _, p := range []string{
		"/labels",
		"/label/school/values",
		"/label/device/values",
		"/label/__name__/values",
	} {
		add(p, form())
		add(p, nil)
		add(p,
			form("match[]", `{school="sch_b"}`, "match[]", `{school=~".*"}`, "extra_filters[]",
				`{school="sch_b"}`, "extra_label", "school=sch_b"))
	}
	add("/series",
		form("match[]", `{__name__=~".+"}`, "match[]", `{school="sch_b"}`, "match[]",
			"gatehouse_secret", "extra_filters[]", `{school="sch_b"}`))
	answered := 0
	for _, r := range requests {
		for _, schools := range [][]g.SchoolID{
			{"sch_a"},
			{"sch_a", "sch_c.*|sch_b"},
			{"sch_c", "sch_"},
			{""},
		} {
			code, body := w.ask(t, r.path, r.form, schools...)
			if code != http.StatusOK && code != http.StatusBadRequest &&
				code != http.StatusUnprocessableEntity {
				t.Errorf("%s %v for %q: got %d %s", r.path, r.form, schools, code, body)
			}
			if code == http.StatusOK && strings.Contains(body, "lab-a") {
				answered++
			}
			if strings.Contains(body, "sch_b") || strings.Contains(body, "lab-b") ||
				strings.Contains(body, `"99"`) ||
				strings.Contains(body, `"gatehouse_secret"`) && r.path != "/query" &&
					r.path != "/query_range" {
				if code == http.StatusOK {
					t.Errorf("%s %v for %q shows the other school: %s", r.path, r.form, schools,
						body)
				}
			}
		}
	}
	if answered < 20 {
		t.Errorf("%d answers show the school's own, want at least 20", answered)
	}
	handler := w.store.Handler(prefix, telemetry.Allowed{})
	if code, body := Ask(t, handler, "/query",
		url.Values{
			"query": {`{__name__=~".+"}`},
			"time":  {at},
		}); code != http.StatusOK ||
		!strings.Contains(body, `"result":[]`) {
		t.Errorf("a caller of no school: got %d %s, want nothing", code, body)
	}
	if code, body := Ask(t, handler, "/label/device/values", nil); code != http.StatusOK ||
		!strings.Contains(body, `"data":[]`) {
		t.Errorf("a caller of no school: got %d %s, want no devices", code, body)
	}
	if got := w.value(
		t,
		`count(gatehouse_temperature)`,
		w.end,
		"sch_a",
		"sch_b",
	); got != "3" {
		t.Errorf("a district: got %q devices, want 3", got)
	}
}

// late writes a reading that comes half an hour late, and batches that come again.
func (w *world) late(t *testing.T) {
	value := func(ago time.Duration, f float64) g.Event {
		return reading("sch_a", "lab-late", w.end.Add(-ago), number("late", f))
	}
	w.append(t, value(0, 5))
	w.append(t, value(30*time.Minute, 1), value(20*time.Minute, 2))
	w.append(t, value(25*time.Minute, 1.5), value(0, 5))
	w.append(t, value(30*time.Minute, 1), value(20*time.Minute, 2), value(0, 5))
	w.settle(t, `count_over_time(gatehouse_late[1h])`, "4")
	if got := w.value(t, `gatehouse_late`, w.end.Add(-24*time.Minute)); got != "1.5" {
		t.Errorf("got %q at the late reading's time, want 1.5", got)
	}
	// A second value for one instant does not become a second reading.
	w.append(t, reading("sch_a", "lab-late", w.end, number("other", 1)))
	w.append(t, reading("sch_a", "lab-late", w.end, number("other", 7)))
	w.settle(t, `count_over_time(gatehouse_other[1h])`, "1")
}

// awkward writes names and numbers that trip encoders.
func (w *world) awkward(t *testing.T) {
	values := map[string]float64{
		"time":     1,
		"_time":    2,
		"_field":   3,
		"a b":      4,
		"c,d=e":    5,
		"温度":       6,
		"9":        7,
		"school":   8,
		"x\ny":     9,
		"quote\"":  10,
		"big":      1e300,
		"small":    5e-10,
		"negative": -0.1,
		"exact":    9007199254740993,
		"null":     0,
	}
	props := map[string]g.Value{}
	for name, f := range values {
		props[name] = g.NumberValue(f)
	}
	w.append(t, reading("sch_a", "Lab-1.x_y", w.end, props))
	w.append(t, reading("sch_a", "no-zone", w.end, number("bare", 1)), g.Event{
		Kind:     g.EventReading,
		School:   "sch_a",
		Device:   "no-zone-2",
		Received: w.end,
		Reading:  &g.Reading{Values: number("bare", 2)},
	})
	w.settle(t, `count(gatehouse_bare)`, "2")
	w.settle(t, `count({device="Lab-1.x_y"})`, strconv.Itoa(len(values)))
	for name, f := range values {
		got, err := strconv.ParseFloat(
			w.value(t, telemetry.MetricName(name)+`{device="Lab-1.x_y"}`, w.end), 64)
		if err != nil || got != f {
			t.Errorf("property %q: got %v (%v), want %v", name, got, err, f)
		}
	}
	if got := w.value(t, `gatehouse_bare{zone=""}`, w.end); got != "2" {
		t.Errorf("a device in no zone: got %q, want 2", got)
	}
}

func (w *world) wrong(t *testing.T) {
	for _, c := range []struct {
		path, want string
		form       url.Values
	}{
		{"/query", "parse error", url.Values{"query": {"sum("}}},
		{"/query", `time: \"soon\" is neither`, url.Values{"query": {"1"}, "time": {"soon"}}},
		{"/query", "timeout: ", url.Values{"query": {"1"}, "timeout": {"never"}}},
		{"/query_range", "start: is missing", url.Values{"query": {"1"}}},
		{"/query_range", "use a longer step", url.Values{
			"query": {"1"},
			"start": {"0"},
			"end":   {"1000000"},
			"step":  {"1"},
		}},
		{"/query_range", "end: is before start", url.Values{
			"query": {"1"},
			"start": {"10"},
			"end":   {"0"},
			"step":  {"1"},
		}},
		{"/series", "match[]: give at least one", nil},
		{"/series", "match[]: ", url.Values{"match[]": {"{"}}},
		{"/label/a%20b/values", "is no label name", nil},
	} {
		code, body := w.ask(t, c.path, c.form, "sch_a")
		if code != http.StatusBadRequest || !strings.Contains(body, c.want) ||
			!strings.Contains(body, `"bad_data"`) {
			t.Errorf("%s %v: got %d %s, want 400 with %q", c.path, c.form, code, body, c.want)
		}
	}
}

// restart closes everything and opens it again.
func (w *world) restart(t *testing.T) {
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	if w.rig.Stop != nil {
		w.rig.Stop(t)
		w.rig.Start(t)
	}
	w.open(t)
	w.settle(t,
		`sum(count_over_time(gatehouse_temperature[15m])) + sum(count_over_time(gatehouse_late[1h]))`,
		"37")
}

// away stops the server under load. The caller tries each batch until it is taken, as the
// gateway does; then every reading is there, by its own number.
func (w *world) away(t *testing.T) {
	if w.rig.Stop == nil {
		t.Skip("there is no server behind this store")
	}
	const batches, each = 20, 25
	batch := func(b int) (events []g.Event) {
		for i := range each {
			n := b*each + i
			events = append(events,
				reading("sch_a", g.DeviceID(fmt.Sprintf("away-%d", n%5)),
					w.end.Add(time.Duration(n-batches*each)*time.Second), number("n", float64(n))))
		}
		return events
	}
	for b := range batches {
		if b == 8 {
			w.rig.Stop(t)
			for range 3 {
				if err := w.store.Append(t.Context(), batch(b), describe); err == nil {
					t.Fatal("got no error from a server that is not there")
				}
			}
			code, body := w.ask(t, "/query", url.Values{"query": {"gatehouse_n"}}, "sch_a")
			if code != http.StatusServiceUnavailable ||
				!strings.Contains(body, `"unavailable"`) || strings.Contains(body, "127.0.0.1") {
				t.Errorf("a query meanwhile: got %d %s, want 503 unavailable, without the address",
					code, body)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := w.store.Append(ended, batch(b), describe); err == nil {
				t.Error("got no error once the context had ended")
			}
			w.rig.Start(t)
		}
		w.insist(t, batch(b))
	}
	w.settle(t, `sum(count_over_time(gatehouse_n[1h]))`, strconv.Itoa(batches*each))
	_, body := w.ask(t, "/query", url.Values{
		"query": {`gatehouse_n[1h]`},
		"time":  {stamp(w.end)},
	},
		"sch_a")
	var a struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range a.Data.Result {
		for _, v := range r.Values {
			seen[fmt.Sprint(v[1])]++
		}
	}
	for n := range batches * each {
		if seen[strconv.Itoa(n)] != 1 {
			t.Errorf("reading %d is there %d times, want once", n, seen[strconv.Itoa(n)])
		}
	}
}

func (w *world) insist(t *testing.T, events []g.Event) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := w.store.Append(t.Context(), events, describe)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// labelled is the path as it is registered.
func labelled(path string) string {
	if strings.HasPrefix(path, "/label/") {
		return "/label/{name}/values"
	}
	return path
}
