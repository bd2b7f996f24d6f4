package telemetry_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

const prefix = "/v1/telemetry/api/v1"

func open(t *testing.T) *telemetry.Store {
	t.Helper()
	s, err := telemetry.Open(telemetry.Options{
		Dir:    t.TempDir(),
		LateBy: time.Hour,
		Classes: []telemetry.Class{
			{Name: "default", Retention: 90 * 24 * time.Hour},
			{Name: "short", Retention: 24 * time.Hour},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func describe(d g.DeviceID) (telemetry.Series, bool) {
	if strings.HasPrefix(string(d), "board") {
		return telemetry.Series{Profile: "board", Type: g.TypeClassBoard, Class: "short"}, true
	}
	return telemetry.Series{Profile: "lab", Type: g.TypeSensor}, d != "ghost"
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

func ask(t *testing.T, h http.Handler, path string, form url.Values) (int, string) {
	t.Helper()
	r := httptest.NewRequest("POST", prefix+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s: got %d %q, want JSON", path, w.Code, w.Body)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

// TestMovedMeterCountsOnce: a device that is moved has one current value, where it is now.
func TestMovedMeterCountsOnce(t *testing.T) {
	s, at := open(t), time.Now().Add(-time.Minute).Truncate(time.Second)
	before := reading("sch_a", "meter", at, map[string]g.Value{"energy": g.NumberValue(103)})
	after := reading("sch_a", "meter", at.Add(2*time.Second),
		map[string]g.Value{"energy": g.NumberValue(104)})
	after.Zone = "zon_2"
	for _, e := range []g.Event{before, after} {
		if err := s.Append(t.Context(), []g.Event{e}, describe); err != nil {
			t.Fatal(err)
		}
	}
	h := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"sch_a"}})
	sum := func(at time.Time) string {
		_, body := ask(t, h, "/query",
			url.Values{"query": {`sum(gatehouse_energy)`}, "time": {at.Format(time.RFC3339)}})
		return body
	}
	if got := sum(at.Add(time.Second)); !strings.Contains(got, `"103"`) {
		t.Errorf("before the move: got %s, want 103", got)
	}
	if got := sum(at.Add(3 * time.Second)); !strings.Contains(got, `"104"`) {
		t.Errorf("after the move: got %s, want 104: it stands in one room", got)
	}
}

func TestSchoolIsForcedIntoEveryRequest(t *testing.T) {
	s, at := open(t), time.Now().Add(-time.Minute).Truncate(time.Second)
	events := []g.Event{
		reading("sch_a", "lab-a", at,
			map[string]g.Value{
				"temperature": g.NumberValue(21),
				"smoke":       g.BoolValue(true),
				"mode":        g.StringValue("auto"),
			}),
		reading("sch_b", "lab-b", at, map[string]g.Value{"temperature": g.NumberValue(88.125)}),
		reading("sch_b", "board-b", at, map[string]g.Value{"brightness": g.NumberValue(5)}),
		reading("sch_a", "ghost", at, map[string]g.Value{"temperature": g.NumberValue(1)}),
	}
	if err := s.Append(t.Context(), events, describe); err != nil {
		t.Fatal(err)
	}
	now := url.Values{"time": {at.Add(time.Second).Format(time.RFC3339)}}
	q := func(expr string) url.Values { return url.Values{"query": {expr}, "time": now["time"]} }
	a := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"sch_a"}})
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{"/query", q(`gatehouse_temperature`)},
		{
			"/query",
			q(`gatehouse_temperature{school="sch_b"} or gatehouse_temperature{school=~".+"}`),
		},
		{"/query", q(`max_over_time(gatehouse_temperature[5m]) or count({__name__=~".+"})`)},
		{
			"/query_range",
			url.Values{
				"query": {`{school!=""}`},
				"start": {at.Format(time.RFC3339)},
				"end":   {at.Add(time.Minute).Format(time.RFC3339)},
				"step":  {"15"},
			},
		},
		{"/labels", nil},
		{"/label/school/values", nil},
		{"/label/device/values", url.Values{"match[]": {`{school="sch_b"}`, `{school=~".*"}`}}},
		{"/series", url.Values{"match[]": {`{__name__=~".+"}`, `{school="sch_b"}`}}},
	} {
		code, body := ask(t, a, c.path, c.form)
		if code != http.StatusOK || !strings.Contains(body, `"success"`) {
			t.Errorf("%s %v: got %d %s", c.path, c.form, code, body)
		}
		if strings.Contains(body, "sch_b") || strings.Contains(body, "lab-b") ||
			strings.Contains(body, "88.125") || strings.Contains(body, "brightness") {
			t.Errorf("%s %v: shows the other school: %s", c.path, c.form, body)
		}
	}
	if _, body := ask(t, a, "/query", q(`gatehouse_temperature`)); !strings.Contains(body, `"21"`) ||
		!strings.Contains(body, "lab-a") {
		t.Errorf("own school's value is missing: %s", body)
	}
	if _, body := ask(t, a, "/query", q(`gatehouse_smoke == 1`)); !strings.Contains(body, "lab-a") {
		t.Errorf("a boolean is not kept as 1: %s", body)
	}
	none := s.Handler(prefix, telemetry.Allowed{})
	if _, body := ask(t, none, "/query", q(`{__name__=~".+"}`)); !strings.Contains(body,
		`"result":[]`) {
		t.Errorf("a caller of no school sees %s", body)
	}
	both := s.Handler(prefix, telemetry.Allowed{Schools: []g.SchoolID{"sch_a", "sch_b"}})
	if _, body := ask(t, both, "/label/school/values", nil); !strings.Contains(body, "sch_a") ||
		!strings.Contains(body, "sch_b") {
		t.Errorf("a district's label values: %s", body)
	}
	if _, body := ask(t, both, "/query", q(`gatehouse_brightness`)); !strings.Contains(body,
		"board-b") {
		t.Errorf("the other retention class is not queried: %s", body)
	}
	if got, want := s.Stats(), (telemetry.Stats{Series: 4, Unknown: 1}); !cmp.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLateAndRepeatedSamples(t *testing.T) {
	s, now := open(t), time.Now().Truncate(time.Second)
	value := func(ago time.Duration, v float64) g.Event {
		return reading("sch_a", "lab-a", now.Add(-ago), map[string]g.Value{"t": g.NumberValue(v)})
	}
	batches := [][]g.Event{
		{value(0, 1)},
		{value(0, 1)},
		{value(30*time.Minute, 2)},
		{value(0, 7)},
		{value(3*time.Hour, 3)},
	}
	for _, b := range batches {
		if err := s.Append(t.Context(), b, describe); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Stats(); got.Duplicates != 1 || got.TooOld != 1 {
		t.Errorf("got %+v, want one second value for an instant and one too old", got)
	}
	h := s.Handler(prefix, telemetry.Allowed{Every: true})
	_, body := ask(t, h, "/query", url.Values{"query": {`sum(count_over_time(gatehouse_t[4h]))`}})
	if !strings.Contains(body, `"2"`) {
		t.Errorf("got %s, want 2 samples: the newest and the one half an hour late", body)
	}
}

func TestBadRequestsNameThePlace(t *testing.T) {
	h := open(t).Handler(prefix, telemetry.Allowed{Every: true})
	for _, c := range []struct {
		path, want string
		form       url.Values
	}{
		{"/query", "query: ", url.Values{"query": {"sum("}}},
		{"/query", `time: \"soon\" is neither`, url.Values{"query": {"1"}, "time": {"soon"}}},
		{"/query_range", "start: is missing", url.Values{"query": {"1"}}},
		{
			"/query_range",
			"use a longer step",
			url.Values{"query": {"1"}, "start": {"0"}, "end": {"1000000"}, "step": {"1"}},
		},
		{
			"/query_range",
			"step: ",
			url.Values{"query": {"1"}, "start": {"0"}, "end": {"10"}, "step": {"-1"}},
		},
		{"/series", "match[]: give at least one", nil},
		{"/series", "match[]: ", url.Values{"match[]": {"{"}}},
	} {
		code, body := ask(t, h, c.path, c.form)
		if code != http.StatusBadRequest || !strings.Contains(body, c.want) ||
			!strings.Contains(body, `"bad_data"`) {
			t.Errorf("%s %v: got %d %s, want 400 with %q", c.path, c.form, code, body, c.want)
		}
	}
}
