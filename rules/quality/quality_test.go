package quality_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

var update = flag.Bool("update", false, "write the reports in testdata anew")

const school = g.SchoolID("school")

// story is a school day written as text, and the report that follows from it. Each line begins with
// the gateway's time:
//
//	07:30:05 gate reads 5                          a reading
//	07:30:05 gate reads 5, its clock says 07:29:00
//	07:30:05 gate sees a card of Li                or "a card of nobody", "a stranger's face"
//	07:30:05 gate goes offline                     or online
//	07:30:05 gate is refused: the reason
//	07:30:05 every 10s until 08:00:00 gate reads 5 and so on; numbers count up
//	07:30:05 nothing                               the clock goes on
//	07:30:05 restart                               with the stored state
//
// "replayed" at a line's end means that the device had buffered it. A word before the time is a
// day.
type story struct {
	t       testing.TB
	counter *quality.Counter
	limits  quality.Limits
	zone    *time.Location
	day     string
	silence map[g.DeviceID]time.Duration
	state   map[int][]byte
	rows    map[string]*g.Quality
	seen    map[g.SightingID]bool
	seq     uint64
	turns   int // the counter is emptied after this many lines; 0: at the end only
	lines   int
}

func newStory(t testing.TB, turns int) *story {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := &story{
		t:       t,
		limits:  quality.DefaultLimits(),
		zone:    zone,
		day:     "2026-09-01",
		silence: map[g.DeviceID]time.Duration{},
		state:   map[int][]byte{},
		rows:    map[string]*g.Quality{},
		seen:    map[g.SightingID]bool{},
		turns:   turns,
	}
	s.restart()
	return s
}

func (s *story) restart() {
	s.counter = quality.New(s.limits, quality.Facts{
		Silence: func(id g.DeviceID) (time.Duration, bool) {
			d, ok := s.silence[id]
			return d, ok || len(s.silence) == 0
		},
		Location: func(g.SchoolID) *time.Location { return s.zone },
	})
	for _, b := range s.state {
		if err := s.counter.Restore(b); err != nil {
			s.t.Fatal(err)
		}
	}
}

// keep adds the counted rows to those stored, as the registry does.
func (s *story) keep() {
	rows, state := s.counter.Take()
	for i, b := range state {
		s.state[i] = b
	}
	for _, q := range rows {
		key := q.Day + " " + string(q.Device)
		if s.rows[key] == nil {
			s.rows[key] = &g.Quality{School: q.School, Device: q.Device, Day: q.Day}
		}
		s.rows[key].Add(q)
	}
}

func (s *story) at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s.day+" "+clock, s.zone)
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

func (s *story) line(text string) {
	f := strings.Fields(text)
	switch {
	case f[0] == "hours": // hours 06:00 22:00
		s.limits.From, s.limits.To = s.at(f[1]+":00").Sub(s.at("00:00:00")), s.at(f[2]+":00").Sub(s.at("00:00:00"))
		s.restart()
		return
	case len(f) == 5 && f[1] == "may": // gate may be silent 120s
		d, err := time.ParseDuration(f[4])
		if err != nil {
			s.t.Fatal(err)
		}
		s.silence[g.DeviceID(f[0])] = d
		return
	case f[0] == "day":
		s.day = f[1]
		return
	}
	at, rest := s.at(f[0]), strings.TrimPrefix(text, f[0]+" ")
	if strings.HasPrefix(rest, "every ") {
		step, err := time.ParseDuration(f[2])
		if err != nil {
			s.t.Fatal(err)
		}
		until := s.at(f[4])
		rest = strings.Join(f[5:], " ")
		for n := 0; at.Before(until); at, n = at.Add(step), n+1 {
			s.says(at, strings.ReplaceAll(rest, "#", strconv.Itoa(n)))
		}
		return
	}
	s.says(at, rest)
}

func (s *story) says(at time.Time, text string) {
	s.seq++
	switch text {
	case "nothing":
		s.counter.Advance(at)
		return
	case "restart":
		s.keep()
		s.restart()
		return
	case "power cut": // everything since the last Take is read again
		s.t.Fatal("a power cut is tested with the gateway")
	}
	text, replayed := strings.CutSuffix(text, ", replayed")
	own := at
	if what, clock, ok := strings.Cut(text, ", its clock says "); ok {
		text = what
		if ahead, err := time.ParseDuration(clock); err == nil {
			own = at.Add(ahead)
		} else {
			own = s.at(clock)
		}
	}
	id, what, _ := strings.Cut(text, " ")
	e := g.Event{
		Seq:      s.seq,
		School:   school,
		Device:   g.DeviceID(id),
		Time:     own,
		Received: at,
		Replayed: replayed,
	}
	verb, object, _ := strings.Cut(what, " ")
	switch verb {
	case "reads":
		n, err := strconv.ParseFloat(object, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		e.Kind, e.Reading = g.EventReading, &g.Reading{
			Values: map[string]g.Value{"n": g.NumberValue(n)},
		}
	case "sees":
		e.Kind, e.Sighting = g.EventSighting, sighting(e, object)
	case "goes":
		e.Kind, e.Status = g.EventStatus, &g.Status{State: g.DeviceState(object)}
	case "is":
		e.Kind, e.Rejection, e.Time = g.EventRejected, &g.Rejection{
			Reason: strings.TrimPrefix(object, "refused: "),
		}, at
	default:
		s.t.Fatalf("%q: nobody understands %q", text, verb)
	}
	s.tell(e)
	if s.lines++; s.turns > 0 && s.lines%s.turns == 0 {
		s.keep()
		s.restart()
	}
}

func sighting(e g.Event, object string) *g.Sighting {
	x := &g.Sighting{Method: g.ByCard}
	switch {
	case object == "a stranger's face":
		x.Method = g.ByFace
	case strings.HasPrefix(object, "a card of nobody"):
		x.Credential = "…1234"
	default:
		x.Person = "per_1"
	}
	x.ID = g.NewSightingID(e.Device, e.Time, 0, object, x.Method)
	return x
}

// tell passes the event on as the journal's reader does: a reading as its record's head.
func (s *story) tell(e g.Event) {
	if e.Reading == nil {
		repeated := e.Sighting != nil && s.seen[e.Sighting.ID]
		if e.Sighting != nil {
			s.seen[e.Sighting.ID] = true
		}
		s.counter.Observe(e, repeated)
		return
	}
	s.counter.Reading(head(s.t, e))
}

// head is the head of a reading's record, with the values as JSON instead of the record's encoding.
func head(t testing.TB, e g.Event) g.EventHead {
	t.Helper()
	rest, err := json.Marshal(e.Reading.Values)
	if err != nil {
		t.Fatal(err)
	}
	return g.EventHead{
		Kind:     e.Kind,
		Replayed: e.Replayed,
		Late:     e.Late,
		School:   []byte(e.School),
		Device:   []byte(e.Device),
		Driver:   []byte(e.Driver),
		Time:     nanoseconds(e.Time),
		Received: nanoseconds(e.Received),
		Rest:     rest,
	}
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixNano()
}

// report is what a school secretary reads.
func (s *story) report() string {
	s.keep()
	keys := make([]string, 0, len(s.rows))
	for k := range s.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, k := range keys {
		q := s.rows[k]
		if q.Empty() {
			continue
		}
		fs := quality.Judge(*q)
		words := map[g.QualityLevel]string{
			g.QualityGood: "good",
			g.QualityLook: "worth a look",
			g.QualityBad:  "NOT TO BE TRUSTED",
		}
		fmt.Fprintf(&b, "%s: %s\n ", k, words[quality.Level(fs)])
		for _, x := range []struct {
			n    int64
			name string
		}{{q.Observations, "observations"}, {q.Sightings, "sightings"}, {q.Replayed, "replayed"},
			{q.Late, "late"}, {q.Duplicates, "duplicates"}, {q.Unknown, "unknown"},
			{q.Strangers, "strangers"},
			{q.Rejected, "rejected"}, {q.ClockRefused, "refused for their time"}, {q.Gaps, "gaps"},
			{q.GapSeconds, "s silent"}} {
			if x.n != 0 {
				fmt.Fprintf(&b, " %d %s,", x.n, x.name)
			}
		}
		if q.Clock.Count > 0 {
			fmt.Fprintf(&b, " clock %+.1f s (%+.1f to %+.1f)", float64(q.Clock.Median())/1000,
				float64(q.Clock.Min)/1000, float64(q.Clock.Max)/1000)
		}
		b.WriteString("\n")
		for _, f := range fs {
			fmt.Fprintf(&b, "  %s (%s): %s\n    %s\n", f.Kind, f.Level, f.Message, f.MessageZH)
		}
	}
	return b.String()
}

// TestStories runs every story of testdata. The report must be the same if the counter is emptied
// and restored from its state after each event, or after a few.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d stories, %v; want at least 5", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told, want, ok := strings.Cut(string(b), "\n---\n")
			if !ok {
				t.Fatal("the story has no report after ---")
			}
			for _, turns := range []int{0, 1, 7} {
				s := newStory(t, turns)
				for in := bufio.NewScanner(strings.NewReader(told)); in.Scan(); {
					if text := strings.TrimSpace(in.Text()); text != "" &&
						!strings.HasPrefix(text, "#") {
						s.line(text)
					}
				}
				got := s.report()
				if *update && turns == 0 {
					if err := os.WriteFile(file, []byte(told+"\n---\n"+got), 0o600); err != nil {
						t.Fatal(err)
					}
					want = got
				}
				if d := cmp.Diff(got, want); d != "" {
					t.Errorf("kept every %d lines: got (-) want (+)\n%s", turns, d)
				}
			}
		})
	}
}

// TestOrderOfTicks: gaps come and go while Advance is called often, rarely or never; the counts are
// the same in the end.
func TestOrderOfTicks(t *testing.T) {
	run := func(every int) string {
		s, rnd := newStory(t, 0), rand.New(rand.NewPCG(1, 2))
		at := s.at("00:00:01")
		for i := range 400 {
			at = at.Add(time.Duration(rnd.IntN(1200)) * time.Second)
			what := []string{
				"a goes offline", "a goes online", "b reads " + strconv.Itoa(i),
				"b goes driver_down", "a sees a card of Li",
			}[rnd.IntN(5)]
			if every > 0 && i%every == 0 {
				s.counter.Advance(at.Add(-time.Millisecond))
			}
			if every == 1 {
				// the clock is ahead of the events read so far
				s.counter.Advance(at.Add(3 * time.Second))
			}
			s.says(at, what)
			if i%11 == 0 {
				s.keep()
			}
		}
		s.says(at.Add(time.Second), "a goes online")
		s.says(at.Add(time.Second), "b goes online")
		return s.report()
	}
	want := run(0)
	for _, every := range []int{1, 5, 50} {
		if d := cmp.Diff(run(every), want); d != "" {
			t.Errorf("looked every %d: got (-) want (+)\n%s", every, d)
		}
	}
}

// TestManyDevices exceeds maxDevices: the least recently heard are forgotten, and all are counted.
func TestManyDevices(t *testing.T) {
	const bound = 200_000
	s := newStory(t, 0)
	begin := s.at("08:00:00")
	say := func(i int, at time.Time) {
		e := g.Event{
			Kind:     g.EventReading,
			School:   school,
			Device:   g.DeviceID(strconv.Itoa(i)),
			Time:     begin,
			Received: at,
			Reading:  &g.Reading{},
		}
		s.tell(e)
	}
	for i := range bound + 1 {
		if s.counter.Full() {
			s.keep()
		}
		say(i, begin.Add(time.Duration(i+1)*time.Millisecond))
	}
	say(0, begin.Add(time.Hour))
	say(bound, begin.Add(time.Hour))
	s.keep()
	if len(s.rows) != bound+1 {
		t.Errorf("got %d devices in the report, want %d", len(s.rows), bound+1)
	}
	for device, want := range map[string]int64{"0": 0, strconv.Itoa(bound): 1} {
		if got := s.rows["2026-09-01 "+device].Duplicates; got != want {
			t.Errorf("device %s: got %d duplicates, want %d", device, got, want)
		}
	}
}

func FuzzRestore(f *testing.F) {
	s := newStory(f, 0)
	for i := range 50 {
		s.says(s.at("08:00:00").Add(time.Duration(i)*time.Second),
			"gate reads "+strconv.Itoa(i)+", its clock says 10s")
	}
	s.keep()
	for _, b := range s.state {
		f.Add(b)
	}
	f.Add([]byte{1, 1, 'x', 0, 0, 0, 0, 0, 33})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := quality.New(quality.DefaultLimits(), quality.Facts{
			Silence: func(g.DeviceID) (time.Duration, bool) {
				return time.Minute, true
			},
			Location: func(g.SchoolID) *time.Location { return time.UTC }})
		_ = c.Restore(b) // an error is fine; a panic, here or later, is not
		c.Advance(time.Unix(1_800_000_000, 0))
		c.Take()
	})
}

// BenchmarkReading is the cost of each reading with 10,000 devices that send one a second, stored
// every ten seconds, without the registry's writing.
func BenchmarkReading(b *testing.B) {
	const devices = 10_000
	c := quality.New(quality.DefaultLimits(), quality.Facts{
		Silence: func(g.DeviceID) (time.Duration, bool) {
			return 2 * time.Minute, true
		},
		Location: func(g.SchoolID) *time.Location { return time.UTC }})
	records := make([]g.EventHead, devices)
	begin := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for i := range records {
		e := g.Event{
			Kind:   g.EventReading,
			School: g.SchoolID("school-" + strconv.Itoa(i%106)),
			Device: g.DeviceID("device-" + strconv.Itoa(i)),
			Zone:   "zone",
			Driver: "mqtt-front", Time: begin, Received: begin.Add(time.Millisecond),
			Reading: &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(21.5),
					"humidity":    g.NumberValue(40),
					"co2":         g.NumberValue(600),
				},
			},
		}
		records[i] = head(b, e)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		h := records[n%devices]
		second := int64(n/devices) * int64(time.Second)
		h.Time, h.Received = h.Time+second, h.Received+second
		c.Reading(h)
		if n++; n%(10*devices) == 0 {
			c.Take()
		}
	}
}
