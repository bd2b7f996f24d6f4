package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// book is the test's model: from the journal it derives which messages are in it, what the rules
// must have found, and what each store must hold.
type book struct {
	after    uint64                         // read up to here
	clock    time.Time                      // the latest arrival
	ids      map[string]int                 // message -> times journalled
	sensors  map[g.DeviceID]*sensor         // by its readings
	cards    map[g.DeviceID]int             // sightings of a reader
	findings map[string]finding             // expected alerts
	told     map[string]string              // event id -> its alert or incident as JSON
	repeats  int                            // the gateway's own events that came again, unchanged
	history  map[g.DeviceID]map[uint64]bool // what the history must have, since marked
	marked   uint64                         // the history up to here has been compared
	counts   map[g.DeviceID]g.Quality       // what the data-quality report must say
}

type sensor struct {
	N         float64
	Seq       uint64
	Samples   int
	high, hot bool
	again     string // key of the finding that the rule with once updates
	times     int    // how often that fired
	told      time.Time
}

// finding is an alert without its ids and times.
type finding struct {
	Count, Version int
	Firing         bool
}

func newBook() *book {
	return &book{
		ids:      map[string]int{},
		sensors:  map[g.DeviceID]*sensor{},
		cards:    map[g.DeviceID]int{},
		findings: map[string]finding{},
		told:     map[string]string{},
		history:  map[g.DeviceID]map[uint64]bool{},
		counts:   map[g.DeviceID]g.Quality{},
	}
}

var excerptID = regexp.MustCompile(`^\{"n":(\d+),`)

// take enters one event, the next of the journal.
func (b *book) take(e g.Event) error {
	if e.Seq <= b.after {
		return fmt.Errorf("event %d came after %d", e.Seq, b.after)
	}
	b.after = e.Seq
	if e.Received.After(b.clock) {
		b.clock = e.Received
	}
	b.count(e)
	switch e.Kind {
	case g.EventReading:
		n, _ := e.Reading.Values["n"].Float()
		b.ids[strconv.FormatFloat(n, 'f', 0, 64)]++
		b.reading(e, n)
	case g.EventSighting:
		b.ids[e.Sighting.Track]++
		b.keep(e)
		if b.cards[e.Device]++; b.cards[e.Device] == 5 {
			b.findings["failed-cards "+string(e.Device)] = finding{1, 1, true}
		}
	case g.EventRejected:
		m := excerptID.FindStringSubmatch(e.Rejection.Excerpt)
		if m == nil {
			return fmt.Errorf("event %d was rejected: %s", e.Seq, e.Rejection.Reason)
		}
		b.ids[m[1]]++
		b.keep(e)
	case g.EventAlert, g.EventIncident:
		return b.tell(e)
	}
	return nil
}

func (b *book) keep(e g.Event) {
	if b.history[e.Device] == nil {
		b.history[e.Device] = map[uint64]bool{}
	}
	b.history[e.Device][e.Seq] = true
}

func (b *book) reading(e g.Event, n float64) {
	s := b.sensors[e.Device]
	if s == nil {
		s = &sensor{}
		b.sensors[e.Device] = s
	}
	s.N, s.Seq = n, e.Seq
	s.Samples++
	co2, _ := e.Reading.Values["co2"].Float()
	temperature, _ := e.Reading.Values["temperature"].Float()
	if high := co2 > 5000; high != s.high {
		s.high = high
		b.edge("stale-air", e, high)
		if s.again == "" {
			s.again = fmt.Sprint("stale-again ", e.Device, " ", e.Seq)
		}
		b.findings[s.again] = s.repeat(b.findings[s.again], b.clock)
	}
	if hot := temperature > 57; hot != s.hot {
		s.hot = hot
		b.edge("smoke-and-heat", e, hot)
	}
}

// repeat is the finding of the rule with once after an edge. From the fifth time on it is flapping: it
// goes on, and is told at most once a minute.
func (s *sensor) repeat(f finding, now time.Time) finding {
	if s.high {
		s.times++
	}
	switch {
	case !s.high && s.times >= rules.FlapsFrom, s.times > rules.FlapsFrom && now.Before(s.told.Add(time.Minute)):
		return f
	case s.high:
		f.Count, s.told = s.times, now
	}
	f.Version, f.Firing = f.Version+1, s.high
	return f
}

// edge begins a finding, or ends the one of the rule and device that is firing.
func (b *book) edge(rule string, e g.Event, begins bool) {
	if begins {
		b.findings[fmt.Sprint(rule, " ", e.Device, " ", e.Seq)] = finding{1, 1, true}
		return
	}
	prefix := fmt.Sprint(rule, " ", e.Device, " ")
	for key, f := range b.findings {
		if f.Firing && len(key) > len(prefix) && key[:len(prefix)] == prefix {
			b.findings[key] = finding{1, 2, false}
		}
	}
}

// tell remembers an event of the gateway's own. The same id may come again, but must say the same.
func (b *book) tell(e g.Event) error {
	text, err := json.Marshal([]any{e.Alert, e.Incident})
	if err != nil {
		return err
	}
	old, again := b.told[e.ID]
	if again {
		b.repeats++
	}
	if again && old != string(text) {
		return fmt.Errorf("event %s said %s and then %s", e.ID, old, text)
	}
	b.told[e.ID] = string(text)
	return nil
}

// lost are the acknowledged messages that are not in the journal, and doubled those that are
// in it more than once although they were sent once.
func (b *book) lost(acked map[string]bool) (lost, doubled []string) {
	for id := range acked {
		if b.ids[id] == 0 {
			lost = append(lost, id)
		}
	}
	for id, n := range b.ids {
		if n > 1 {
			doubled = append(doubled, id)
		}
	}
	return lost, doubled
}

// read takes in what is new in the journal.
func (b *book) read(ctx context.Context, s *school, base string) error {
	for {
		p, err := get[page[g.Event]](ctx, s,
			fmt.Sprint(base,
				"/v1/events?kinds=reading,sighting,rejected,alert,incident&limit=1000&after=",
				b.after))
		if err != nil {
			return err
		}
		for _, e := range p.Items {
			if err := b.take(e); err != nil {
				return err
			}
		}
		if !p.More {
			return nil
		}
	}
}

// behind says what in the gateway does not agree with the book yet; "" is nothing.
func (b *book) behind(ctx context.Context, s *school, base string) (string, error) {
	for _, compare := range []func(context.Context, *school, string) (string, error){
		b.cursors, b.alerts, b.twins, b.telemetry, b.quality, b.kept,
	} {
		if what, err := compare(ctx, s, base); what != "" || err != nil {
			return what, err
		}
	}
	return "", nil
}

// cursors wants no lag, except of the rules and the data-quality report: they save their position
// every few seconds, so their results are compared instead.
func (b *book) cursors(ctx context.Context, s *school, base string) (string, error) {
	st, err := get[api.Status](ctx, s, base+"/v1/status")
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	for _, c := range st.Cursors {
		seen[c.Name] = true
		if c.Lag > 0 && c.Name != "rules" && c.Name != "quality" {
			return fmt.Sprintf("%s is %d events behind", c.Name, c.Lag), nil
		}
	}
	for _, name := range []string{"twin", "telemetry", "history", "webhooks", "rules"} {
		if !seen[name] {
			return "there is no cursor " + name + " yet", nil
		}
	}
	return "", nil
}

// count adds an event to what the data-quality report must say.
func (b *book) count(e g.Event) {
	q := b.counts[e.Device]
	switch e.Kind {
	case g.EventReading:
		q.Observations++
	case g.EventSighting:
		q.Observations, q.Sightings, q.Unknown = q.Observations+1, q.Sightings+1, q.Unknown+1
	case g.EventRejected:
		q.Rejected++
	default:
		return
	}
	b.counts[e.Device] = q
}

func (b *book) quality(ctx context.Context, s *school, base string) (string, error) {
	rows, err := list(ctx, s, base+"/v1/quality/devices?",
		func(fleet.DeviceQuality) bool { return false })
	if err != nil {
		return "", err
	}
	got := map[g.DeviceID]g.Quality{}
	for _, r := range rows {
		sum := got[r.Device] // of two days, where midnight passes
		sum.Add(r.Quality)
		// these depend on the machine's speed
		sum.Late = 0
		sum.Gaps = 0
		sum.GapSeconds = 0
		sum.Clock = g.ClockOffsets{}
		got[r.Device] = sum
	}
	if d := cmp.Diff(got, b.counts); d != "" {
		return "data quality (got, want):\n" + d, nil
	}
	return "", nil
}

func (b *book) alerts(ctx context.Context, s *school, base string) (string, error) {
	rows, err := list(ctx, s, base+"/v1/alerts?", func(alerts.AlertRow) bool { return false })
	if err != nil {
		return "", err
	}
	got, incidents := map[string]finding{}, map[g.IncidentID][]g.AlertID{}
	for _, a := range rows {
		if strings.HasPrefix(string(a.Rule), g.GatewayRule) {
			continue // of the machine that the test runs on, such as its disk
		}
		key := fmt.Sprint(a.Rule, " ", a.Device, " ", a.Seq)
		if a.Rule == "failed-cards" {
			key = fmt.Sprint(a.Rule, " ", a.Device)
		}
		if _, twice := got[key]; twice {
			return "", fmt.Errorf("two alerts for %s", key)
		}
		got[key] = finding{a.Count, a.Version, a.Firing}
		if a.Incident != "" {
			incidents[a.Incident] = append(incidents[a.Incident], a.ID)
		}
		for v := 1; v <= a.Version; v++ {
			if id := fmt.Sprintf("evt_%s_%d", a.ID, v); b.told[id] == "" {
				return id + " is not in the journal", nil
			}
		}
	}
	if d := cmp.Diff(got, b.findings); d != "" {
		return "alerts (got, want):\n" + d, nil
	}
	opened, err := list(ctx, s, base+"/v1/incidents?", func(g.Incident) bool { return false })
	if err != nil {
		return "", err
	}
	has := map[g.IncidentID][]g.AlertID{}
	for _, i := range opened {
		if i.Version != len(i.Alerts) { // opened with the first alert, and one more each time
			return fmt.Sprintf("incident %s: alerts %v at version %d", i.ID, i.Alerts, i.Version), nil
		}
		for v := 1; v <= i.Version; v++ {
			if id := fmt.Sprintf("evt_%s_%d", i.ID, v); b.told[id] == "" {
				return id + " is not in the journal", nil
			}
		}
		has[i.ID] = slices.Sorted(slices.Values(i.Alerts))
	}
	for _, all := range incidents {
		slices.Sort(all)
	}
	if d := cmp.Diff(has, incidents); d != "" {
		return "incidents (got, want):\n" + d, nil
	}
	return "", nil
}

func (b *book) twins(ctx context.Context, s *school, base string) (string, error) {
	rows, err := list(ctx, s, base+"/v1/devices?", func(regfleet.DeviceRow) bool { return false })
	if err != nil {
		return "", err
	}
	got, want := map[g.DeviceID]float64{}, map[g.DeviceID]float64{}
	for _, d := range rows {
		if b.sensors[d.ID] != nil {
			got[d.ID], _ = d.Twin.Reported["n"].Value.Float()
			want[d.ID] = b.sensors[d.ID].N
		}
	}
	if d := cmp.Diff(got, want); d != "" {
		return "twins (got, want):\n" + d, nil
	}
	return "", nil
}

// telemetry counts the samples: each reading had a time of its own.
func (b *book) telemetry(ctx context.Context, s *school, base string) (string, error) {
	type answer struct {
		Data struct {
			Result []struct {
				Metric struct{ Device g.DeviceID }
				Value  [2]any
			}
		}
	}
	a, err := get[answer](ctx, s,
		base+"/v1/telemetry/api/v1/query?query="+
			url.QueryEscape("count_over_time(gatehouse_n[24h])"))
	if err != nil {
		return "", err
	}
	got, want := map[g.DeviceID]string{}, map[g.DeviceID]string{}
	for _, r := range a.Data.Result {
		got[r.Metric.Device] = fmt.Sprint(r.Value[1])
	}
	for id, x := range b.sensors {
		want[id] = fmt.Sprint(x.Samples)
	}
	if d := cmp.Diff(got, want); d != "" {
		return "samples (got, want):\n" + d, nil
	}
	return "", nil
}

// kept compares the history since the mark, and moves the mark.
func (b *book) kept(ctx context.Context, s *school, base string) (string, error) {
	for _, id := range slices.Sorted(maps.Keys(b.history)) {
		got := map[uint64]bool{}
		var err error
		if b.cards[id] > 0 {
			var rows []history.SightingRow
			rows, err = list(ctx, s, base+"/v1/sightings?device="+string(id),
				func(r history.SightingRow) bool {
					return r.Seq <= b.marked
				})
			for _, r := range rows {
				got[r.Seq] = true
			}
		} else {
			var rows []history.RejectionRow
			rows, err = list(ctx, s, base+"/v1/rejections?device="+string(id),
				func(r history.RejectionRow) bool {
					return r.Seq <= b.marked
				})
			for _, r := range rows {
				got[r.Seq] = true
			}
		}
		if err != nil {
			return "", err
		}
		if d := cmp.Diff(got, b.history[id]); d != "" {
			return "history of " + string(id) + " (got, want):\n" + d, nil
		}
	}
	b.marked, b.history = b.after, map[g.DeviceID]map[uint64]bool{}
	return "", nil
}
