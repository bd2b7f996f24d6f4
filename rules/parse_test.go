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
	for f, b := range read(t, "../deploy/rules/*.yaml") {
		list, err := rules.Parse(f, b)
		if err != nil {
			t.Error(err)
		}
		rs = append(rs, list...)
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
		if _, err := rules.Parse("README.md", []byte(text)); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
	if examples < 4 {
		t.Errorf("got %d examples, want at least 4", examples)
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

// Each mistake is named with its line, its place and the mend.
func TestParseNamesThePlace(t *testing.T) {
	head := "rules:\n  - id: a\n    title: A\n    severity: major\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "f.yaml: the file is empty"},
		{"not yaml", "rules: [", "f.yaml: line 1: did not find"},
		{
			"two documents",
			"rules: []\n---\nrules: []\n",
			"f.yaml: the file holds more than one YAML document",
		},
		{"a list", "- a\n", "f.yaml:1: should hold keys and values; it may have rules"},
		{"other key", "rule: []\n", "f.yaml:1: rule: there is no such key here; use rules"},
		{"no rules", "rules: []\n", "f.yaml:1: rules: the list is empty"},
		{
			"no number",
			head +
				"    when:\n      all:\n        - {property: s, is: true}\n        - {property: " +
				"t, above: hot}\n",
			`f.yaml:8: rules[0].when.all[1].above: "hot" is no number; write one such as 57`,
		},
		{
			"slip",
			head + "    when: {property: t, abov: 3}\n",
			"f.yaml:5: rules[0].when.abov: there is no such key here; use above",
		},
		{
			"nothing compared",
			head + "    when: {property: t}\n",
			"f.yaml:5: rules[0].when: says nothing about t",
		},
		{
			"two kinds",
			head + "    when: {property: t, above: 1, status: offline}\n",
			"this one has 2",
		},
		{
			"lost comparator",
			head + "    when: {status: offline, above: 1}\n",
			"f.yaml:5: rules[0].when.above: compares nothing",
		},
		{
			"no duration",
			head + "    when: {property: t, above: 1}\n    for: 5\n",
			`f.yaml:6: rules[0].for: "5" is no duration; write one such as 30s`,
		},
		{"negative", head + "    when: {property: t, above: 1}\n    for: -5s\n", "out of range"},
		{
			"severity",
			"rules:\n  - {id: a, title: A, severity: hihg, when: {property: t, above: 1}}\n",
			`f.yaml:2: rules[0].severity: "hihg" is not known here; use info, warning, major, critical`,
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
			"f.yaml:5: rules[0].title: is given twice",
		},
		{
			"same id",
			head +
				"    when: {property: t, above: 1}\n  - {id: a, title: A, severity: info, when: " +
				"{property: t, above: 1}}\n",
			`f.yaml:6: rules[1]: the id "a" is taken by the rule on line 2`,
		},
		{
			"for a moment",
			head + "    when: {sighting: {}}\n    for: 5s\n",
			"f.yaml:6: rules[0].for: sighting and change are true for a moment only",
		},
		{
			"clear a moment",
			head + "    when: {sighting: {}}\n    clear: {after: 5s}\n",
			"rules[0].clear: ",
		},
		{
			"unless for what lasts",
			head + "    when: {status: fault}\n    unless: {sighting: {}, within: 5s}\n",
			"only a sighting or a change can be explained",
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
			"only property, status, sighting and change can be counted",
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
			"f.yaml:6: rules[0].clear.when: should hold keys and values",
		},
		{
			"deep",
			head + "    when: " + strings.Repeat("{not: ", 12) + "{status: fault}" +
				strings.Repeat("}", 12) + "\n",
			"nested more than 8 deep",
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
		`names the procedure "flood"`,
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
	f.Add([]byte("rules:\n  - {id: a, title: {en: 1}, severity: info, when: {all: [[[]]]}, then: " +
		"{command: {zone: same, action: b, values: {k: 1}}}}"))
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		rs, err := rules.Parse("f.yaml", b)
		if err != nil {
			return
		}
		// What parses runs.
		e := rules.New(rs, nil)
		props := map[string]g.Value{}
		for _, r := range rs {
			for _, p := range r.Properties() {
				props[p] = g.NumberValue(60)
			}
		}
		evs := []g.Event{
			{Seq: 1, Kind: g.EventReading, Reading: &g.Reading{Values: props}},
			{Seq: 2, Kind: g.EventStatus, Status: &g.Status{State: g.StateOffline}},
			{Seq: 3, Kind: g.EventSighting, Sighting: &g.Sighting{ID: "a", Method: g.ByFace}},
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
