package rules_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
)

func read(t testing.TB, pattern string) map[string][]byte {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing at %s: %v", pattern, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestShippedFilesFitTogether(t *testing.T) {
	var rs []rules.Rule
	var ps []rules.Procedure
	for _, pattern := range []string{"../deploy/rules/*.yaml", "../deploy/rules/templates/*.yaml"} {
		for f, b := range read(t, pattern) {
			list, err := rules.Parse(f, b)
			if err != nil {
				t.Error(err)
			}
			rs = append(rs, list...)
		}
	}
	for f, b := range read(t, "../deploy/procedures/*.yaml") {
		list, err := rules.ParseProcedures(f, b)
		if err != nil {
			t.Error(err)
		}
		ps = append(ps, list...)
	}
	if err := rules.Check(rs, ps); err != nil {
		t.Error(err)
	}
	for _, r := range rs {
		if r.TitleZH == "" {
			t.Errorf("rule %s has no Chinese title", r.ID)
		}
		again, err := rules.Parse("again", []byte("rules:\n"+r.YAML))
		if err != nil || len(again) != 1 {
			t.Fatalf("the text of %s alone: %v", r.ID, err)
		}
		again[0].File, again[0].Line, again[0].YAML = r.File, r.Line, r.YAML
		if diff := cmp.Diff(again[0], r, cmp.Comparer(func(a, b g.Value) bool { return a == b })); diff != "" {
			t.Errorf("the text of %s alone, got (-), want (+):\n%s", r.ID, diff)
		}
	}
	for _, p := range ps {
		for i, s := range p.Steps {
			if s.Text == "" || s.TextZH == "" {
				t.Errorf("step %d of %s is not in both languages", i+1, p.ID)
			}
		}
	}
}

// tellExample runs the manual's example of tests over the shipped rules.
func tellExample(t *testing.T, text string) {
	t.Helper()
	tests, err := rules.ParseTests("README.md", []byte(text), nil)
	if err != nil {
		t.Error(err)
	}
	for _, r := range rules.RunTests("README.md", tests, shippedRules(t), nil) {
		for _, e := range r.Failures {
			t.Error(e)
		}
	}
}

func TestManualExamples(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, block := range strings.Split(string(b), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		examples++
		if strings.HasPrefix(text, "procedures:") {
			if _, err := rules.ParseProcedures("README.md", []byte(text)); err != nil {
				t.Errorf("example %d: %v", i+1, err)
			}
			continue
		}
		if strings.HasPrefix(text, "tests:") {
			tellExample(t, text)
			continue
		}
		if _, err := rules.Parse("README.md", []byte(text)); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
	if examples < 4 {
		t.Errorf("got %d examples, want at least 4", examples)
	}
}

// Both manuals show the same rules.
func TestManualsHaveTheSameExamples(t *testing.T) {
	blocks := func(file string) []string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, block := range strings.Split(string(b), "```yaml\n")[1:] {
			text, _, _ := strings.Cut(block, "```")
			out = append(out, text)
		}
		return out
	}
	if diff := cmp.Diff(blocks("README.zh-CN.md"), blocks("README.md")); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

func TestParseKeepsWhatIsWritten(t *testing.T) {
	got, err := rules.Parse("x.yaml", []byte(`rules:
  - id: a
    title: {en: A, zh-CN: 甲}
    severity: major
    where: {zone_kind: gate, type: [camera, terminal]}
    per: zone
    when: {all: [{property: t, above: 1.5, at_most: 9}, {not: {property: s, one_of: [a, 2, true]}}]}
    for: 90s
    fresh: 1h
    clear: {after: 5s, when: {property: t, below: 1}}
    once: {every: 1m}
`))
	if err != nil {
		t.Fatal(err)
	}
	low, high, clear := 1.5, 9.0, 1.0
	want := rules.Rule{
		ID:       "a",
		Title:    "A",
		TitleZH:  "甲",
		Severity: g.Major,
		Per:      rules.PerZone,
		Where: rules.Where{
			ZoneKind: []g.ZoneKind{g.ZoneGate},
			Type:     []g.DeviceType{g.TypeCamera, g.TypeTerminal},
		},
		When: rules.Condition{
			All: []rules.Condition{
				{Compare: &rules.Compare{Property: "t", Above: &low, AtMost: &high}},
				{
					Not: &rules.Condition{
						Compare: &rules.Compare{
							Property: "s",
							OneOf: []g.Value{
								g.StringValue("a"),
								g.NumberValue(2),
								g.BoolValue(true),
							},
						},
					},
				}},
		},
		For:   90 * time.Second,
		Fresh: time.Hour,
		Clear: rules.Clear{
			After: 5 * time.Second,
			When:  &rules.Condition{Compare: &rules.Compare{Property: "t", Below: &clear}},
		},
		Once: rules.Once{Every: time.Minute, Per: rules.PerZone},
		Then: []rules.Action{{Alert: &rules.AlertAction{}}},
		File: "x.yaml",
		Line: 2,
		YAML: got[0].YAML,
	}
	if diff := cmp.Diff(got, []rules.Rule{want},
		cmp.Comparer(func(a, b g.Value) bool { return a == b })); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}

// Each mistake is reported with its line, its place and the fix.
func TestParseNamesThePlace(t *testing.T) {
	head := "rules:\n  - id: a\n    title: A\n    severity: major\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "f.yaml: the file is empty"},
		{"not yaml", "rules: [", "f.yaml:1: this line, or the one before it, is not YAML"},
		{
			"two documents",
			"rules: []\n---\nrules: []\n",
			"f.yaml: the file holds more than one YAML document",
		},
		{"a list", "- a\n", "f.yaml:1:1: should hold keys and values; it may have rules"},
		{"other key", "rule: []\n", "f.yaml:1:1: rule: there is no such key here; use rules"},
		{"no rules", "rules: []\n", "f.yaml:1:8: rules: the list is empty"},
		{
			"no number",
			head +
				"    when:\n      all:\n        - {property: s, is: true}\n        - {property: " +
				"t, above: hot}\n",
			`f.yaml:8:32: rules[0].when.all[1].above: "hot" is no number; write one such as 57`,
		},
		{
			"slip",
			head + "    when: {property: t, abov: 3}\n",
			"f.yaml:5:25: rules[0].when.abov: there is no such key here; use above",
		},
		{
			"nothing compared",
			head + "    when: {property: t}\n",
			"f.yaml:5:11: rules[0].when: says nothing about t",
		},
		{
			"two kinds",
			head + "    when: {property: t, above: 1, status: offline}\n",
			"this one has 2",
		},
		{
			"lost comparator",
			head + "    when: {status: offline, above: 1}\n",
			"f.yaml:5:36: rules[0].when.above: compares nothing",
		},
		{
			"no duration",
			head + "    when: {property: t, above: 1}\n    for: 5\n",
			`f.yaml:6:10: rules[0].for: "5" is no duration; write 5s or 5m`,
		},
		{"negative", head + "    when: {property: t, above: 1}\n    for: -5s\n", "out of range"},
		{
			"severity",
			"rules:\n  - {id: a, title: A, severity: hihg, when: {property: t, above: 1}}\n",
			`f.yaml:2:33: rules[0].severity: "hihg" is not known here; use info, warning, major, critical`,
		},
		{"missing", "rules:\n  - {id: a}\n", "rules[0]: title is missing"},
		{
			"id",
			"rules:\n  - {id: a b, title: A, severity: info, when: {property: t, above: 1}}\n",
			`"a b" is no id`,
		},
		{
			"twice",
			head + "    title: B\n    when: {property: t, above: 1}\n",
			"f.yaml:5:5: rules[0].title: is given twice",
		},
		{
			"same id",
			head +
				"    when: {property: t, above: 1}\n  - {id: a, title: A, severity: info, when: " +
				"{property: t, above: 1}}\n",
			`f.yaml:6:5: rules[1]: the id "a" is taken by the rule on line 2`,
		},
		{
			"for a moment",
			head + "    when: {sighting: {}}\n    for: 5s\n",
			"f.yaml:6:10: rules[0].for: sighting, change, occurrence and sequence are true for a moment only",
		},
		{
			"clear a moment",
			head + "    when: {sighting: {}}\n    clear: {after: 5s}\n",
			"rules[0].clear: ",
		},
		{
			"unless for what lasts",
			head + "    when: {status: fault}\n    unless: {sighting: {}, within: 5s}\n",
			"only what is true for a moment can be explained",
		},
		{
			"unless never",
			head + "    when: {sighting: {}}\n    unless: {sighting: {}}\n",
			"within is missing",
		},
		{"not a moment", head + "    when: {not: {sighting: {}}}\n", "use unless"},
		{"mixed", head + "    when: {any: [{sighting: {}}, {status: fault}]}\n", "write two rules"},
		{
			"track of values",
			head + "    per: track\n    when: {property: t, above: 1}\n",
			"a track has no properties",
		},
		{
			"count of all",
			head + "    when: {count: {of: {all: [{status: fault}]}, at_least: 2, within: 1m}}\n",
			"they alone can be counted, or follow each other",
		},
		{
			"count of none",
			head + "    when: {count: {of: {status: fault}, at_least: 0, within: 1m}}\n",
			"should be a whole number from 1 to 1000",
		},
		{
			"incident alone",
			head + "    when: {status: fault}\n    then: [{incident: {}}]\n",
			"add - alert: {}",
		},
		{
			"command to nobody",
			head + "    when: {status: fault}\n    then: [{command: {action: beep}}]\n",
			"a command goes to a device or to a zone",
		},
		{
			"role",
			head + "    when: {status: fault}\n    then: [{notify: {roles: [guard]}}]\n",
			`"guard" is not known here`,
		},
		{
			"alias",
			head + "    when: &x {property: t, above: 1}\n    clear: {when: *x}\n",
			"f.yaml:6:19: rules[0].clear.when: should hold keys and values",
		},
		{
			"deep",
			head + "    when: " + strings.Repeat("{not: ", 12) + "{status: fault}" +
				strings.Repeat("}", 12) + "\n",
			"nested more than 8 deep",
		},
		{
			"tab",
			"rules:\n  - id: a\n\ttitle: T\n",
			"f.yaml:3:1: a tab indents this line; use spaces",
		},
		{
			"full-width colon",
			head + "    when：{property: t, above: 3}\n    for: 5m\n",
			`f.yaml:5:9: "：" is full-width punctuation; type ":" and a space`,
		},
		{
			"full-width comma",
			head + "    when: {property: co2， above: 1500}\n",
			`f.yaml:5:25: "，" is full-width punctuation; type "," and a space`,
		},
		{
			"full-width digits",
			head + "    when: {property: t, above: １５００}\n",
			`f.yaml:5:32: rules[0].when.above: "１５００" is no number; write 1500`,
		},
		{
			"full-width key",
			head + "    when: {property: t, ａｂｏｖｅ: 3}\n",
			"has full-width punctuation or letters; type above, with a space",
		},
		{
			"unit",
			head + "    when: {property: t, above: 57°C}\n",
			`f.yaml:5:32: rules[0].when.above: "57°C" has a unit; write 57 alone`,
		},
		{
			"too large",
			head + "    when: {property: t, above: 1e400}\n",
			`f.yaml:5:32: rules[0].when.above: "1e400" is too large a number`,
		},
		{
			"thousands",
			head + "    when: {property: t, above: '1,500'}\n",
			`"1,500" is no number; write 1500`,
		},
		{
			"days",
			head + "    when: {property: t, above: 1}\n    for: 1d\n",
			`f.yaml:6:10: rules[0].for: "1d" is no duration; write 24h`,
		},
		{
			"words",
			head + "    when: {property: t, above: 1}\n    for: 5 minutes\n",
			`"5 minutes" is no duration; write 5m`,
		},
		{
			"Chinese severity",
			"rules:\n  - {id: a, title: A, severity: 严重, when: {property: t, above: 1}}\n",
			`rules[0].severity: "严重" is not known here; write critical`,
		},
		{
			"fresh shorter than for",
			head + "    when: {property: t, above: 1}\n    for: 10m\n    fresh: 5m\n",
			"f.yaml:7:12: rules[0].fresh: a value counts for 5m0s and must hold for 10m0s",
		},
		{
			"time alone",
			head + "    when: {not: {time: {from: \"08:00\"}}}\n",
			"a time of the day or a threat level alone is no finding",
		},
		{
			"no time of the day",
			head + "    when: {all: [{status: fault}, {time: {from: \"8\", to: \"25:00\"}}]}\n",
			`f.yaml:5:49: rules[0].when.all[1].time.from: "8" is no time of the day`,
		},
		{
			"no day",
			head + "    when: {all: [{status: fault}, {time: {days: [mon-fri, holiday]}}]}\n",
			`"holiday" is no day`,
		},
		{
			"no span",
			head + "    when: {all: [{status: fault}, {time: {from: \"08:00\", to: \"08:00\"}}]}\n",
			"from and to are the same time",
		},
		{
			"share of one",
			head + "    when: {share: {of: {status: offline}, at_least: 20%}}\n",
			"share looks at the devices of a group",
		},
		{
			"no share",
			head + "    per: zone\n    when: {share: {of: {status: offline}, at_least: 120%}}\n",
			`f.yaml:6:53: rules[0].when.share.at_least: "120%" is no share`,
		},
		{
			"share of sightings",
			head + "    per: zone\n    when: {share: {of: {sighting: {}}, at_least: 2}}\n",
			"only property and status are asked of each device",
		},
		{
			"one step",
			head + "    when: {sequence: {steps: [{status: fault}], within: 1m}}\n",
			"a sequence has 2 to 8 steps",
		},
		{
			"step that lasts",
			head + "    when: {sequence: {steps: [{status: fault}, {all: [{status: fault}]}], within: 1m}}\n",
			"they alone can be counted, or follow each other",
		},
		{
			"distinct values",
			head + "    when: {count: {of: {status: fault}, distinct: person, at_least: 2, within: 1m}}\n",
			"only sightings are of somebody",
		},
		{
			"no rate",
			head + "    when: {rate: {property: t, over: 10m}}\n",
			"says nothing about how fast",
		},
		{
			"occurrence of nothing",
			head + "    when: {occurrence: {data: {state: forced}}}\n",
			"kind is missing; name an event",
		},
		{
			"data in a list",
			head + "    when: {occurrence: {kind: door, data: [forced]}}\n",
			"f.yaml:5:43: rules[0].when.occurrence.data: should hold the occurrence's data",
		},
		{
			"occurrence for a time",
			head + "    when: {occurrence: {kind: door}}\n    for: 5s\n",
			"cannot hold for a time",
		},
		{
			"rises to less",
			head + "    when: {status: fault}\n    rises: [{severity: warning, after: 5m}]\n",
			"f.yaml:6:24: rules[0].rises[0].severity: warning is no higher than major before it",
		},
		{
			"rises of a moment",
			head + "    when: {sighting: {}}\n    rises: [{severity: critical, after: 5m}]\n",
			"nothing lasts that could get worse",
		},
		{"big", strings.Repeat("#", rules.MaxFileBytes+1), "at most 1048576 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := rules.Parse("f.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if len(got) != 0 {
				t.Errorf("got %d rules beside the error, want none", len(got))
			}
			var e *g.Error
			if !errors.As(err, &e) || e.Field == "" {
				t.Errorf("got %#v, want a gatehouse.Error that names the place", err)
			}
		})
	}
}

func TestParseReportsAllMistakesUpToABound(t *testing.T) {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: r%d, title: T, severity: bad, when: {status: fault}}\n", i)
	}
	_, err := rules.Parse("f.yaml", []byte(b.String()))
	if got, want := len(strings.Split(err.Error(), "\n")), 20; got != want {
		t.Errorf("got %d mistakes, want %d", got, want)
	}
}

func TestCheckOfMutes(t *testing.T) {
	text := `rules:
  - {id: zone, title: T, severity: info, per: zone, when: {status: fault}}
  - {id: seen, title: T, severity: info, when: {sighting: {}}}
  - {id: a, title: T, severity: info, when: {status: fault}, muted_by: [{rule: zone, same: zone}, {rule: zone, same: building}]}
  - {id: b, title: T, severity: info, when: {status: fault}, muted_by: {rule: zone, same: device}}
  - {id: c, title: T, severity: info, when: {status: fault}, muted_by: {rule: seen}}
  - {id: d, title: T, severity: info, when: {status: fault}, muted_by: {rule: d}}
  - {id: e, title: T, severity: info, when: {status: fault}, muted_by: {rule: other}}
`
	rs, err := rules.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	err = rules.Check(rs, nil)
	if err == nil {
		t.Fatal("got no error, want four")
	}
	got := strings.Split(err.Error(), "\n")
	for i, want := range []string{
		`f.yaml:5:79: rule "b" is muted by "zone" at the same device, but that is one alert for a whole zone`,
		`f.yaml:6:79: rule "c" is muted by "seen", which is true for a moment only`,
		`f.yaml:7:79: rule "d" is muted by itself`,
		`f.yaml:8:79: rule "e" is muted by the rule "other", which there is not`,
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("got %q, want %q among them", got, want)
		}
	}
}

func TestCheckAcrossFiles(t *testing.T) {
	one := func(file, procedure string) rules.Rule {
		rs, err := rules.Parse(file,
			[]byte("rules:\n  - {id: a, title: A, severity: info, when: {status: fault}, then: "+
				"[{alert: {}}, {incident: {procedure: "+
				procedure+"}}]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return rs[0]
	}
	p := rules.Procedure{ID: "fire"}
	if err := rules.Check([]rules.Rule{one("a.yaml", "fire")}, []rules.Procedure{p}); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	err := rules.Check([]rules.Rule{one("a.yaml", "fire"), one("b.yaml", "flood")},
		[]rules.Procedure{p, p})
	for _, want := range []string{
		`b.yaml:2: the id "a" is taken by a.yaml:2`,
		`b.yaml:2:105: rule "a" names the procedure "flood", which there is not; write it, ` +
			`remove the key, or use one of [fire]`,
		`"fire" is written twice`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range read(f, "../deploy/rules/*.yaml") {
		f.Add(b)
	}
	f.Add([]byte("rules:\n  - {id: a, title: A, severity: info, when: {count: {of: {change: " +
		"{property: p, by: 1e400}}, at_least: 1e9, within: 9999999h}}}\n"))
	f.Add([]byte("rules: &a [*a]"))
	for _, b := range read(f, "testdata/state/*.yaml") {
		f.Add(b)
	}
	f.Add([]byte("rules:\n  - {id: a, title: {en: 1}, severity: info, when: {all: [[[]]]}, then: " +
		"{command: {zone: same, action: b, values: {k: 1}}}}"))
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		rs, err := rules.Parse("f.yaml", b)
		if err != nil {
			return
		}
		// Rules that parse can run.
		e := rules.New(rs, nil)
		props := map[string]g.Value{}
		for _, r := range rs {
			for _, p := range r.Properties() {
				props[p] = g.NumberValue(60)
			}
		}
		kinds := map[g.OccurrenceKind]map[string]g.Value{}
		for _, r := range rs {
			if o := r.When.Occurrence; o != nil {
				for _, k := range o.Kind {
					kinds[k] = map[string]g.Value{}
					for _, d := range o.Data {
						kinds[k][d.Property] = g.NumberValue(60)
					}
				}
			}
		}
		evs := []g.Event{
			{Seq: 1, Kind: g.EventReading, Reading: &g.Reading{Values: props}},
			{Seq: 2, Kind: g.EventStatus, Status: &g.Status{State: g.StateOffline}},
			{Seq: 3, Kind: g.EventSighting, Sighting: &g.Sighting{ID: "a", Method: g.ByFace}},
		}
		for k, data := range kinds {
			evs = append(evs, g.Event{
				Seq:        uint64(len(evs) + 1),
				Kind:       g.EventOccurrence,
				Occurrence: &g.Occurrence{Kind: k, Data: data},
			})
		}
		for _, ev := range evs {
			at = at.Add(time.Second)
			ev.Device, ev.Received = "d", at
			e.Observe(ev, twoInOne{})
		}
		for range 100 {
			next, ok := e.NextDeadline()
			if !ok {
				break
			}
			e.Tick(next)
		}
		state, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if err := rules.New(rs, nil).Restore(state); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseProcedures(f *testing.F) {
	for _, b := range read(f, "../deploy/procedures/*.yaml") {
		f.Add(b)
	}
	f.Add([]byte("procedures:\n  - {id: a, title: A, steps: [x, {en: y}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ps, err := rules.ParseProcedures("f.yaml", b)
		for _, p := range ps {
			if err == nil && (p.ID == "" || p.Title == "" || len(p.Steps) == 0) {
				t.Errorf("got the procedure %+v without an error", p)
			}
		}
	})
}
