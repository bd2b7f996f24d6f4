package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// shippedRules are the rules that ship, and the templates.
func shippedRules(t *testing.T) (out []rules.Rule) {
	t.Helper()
	for _, dir := range []string{"../deploy/rules", "../deploy/rules/templates"} {
		files, err := filepath.Glob(dir + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("no rules in %s: %v", dir, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			more, err := rules.Parse(f, b)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, more...)
		}
	}
	return out
}

// TestShippedRulesHaveTests: every rule that ships, and every template, has a test that is right.
func TestShippedRulesHaveTests(t *testing.T) {
	all := shippedRules(t)
	tested := map[g.RuleID]bool{}
	files, _ := filepath.Glob("../deploy/rules/tests/*.yaml")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests, err := rules.ParseTests(f, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rules.RunTests(f, tests, all, nil) {
			for _, e := range r.Failures {
				t.Errorf("%s: %v", r.Name, e)
			}
			for _, id := range tests[i].Rules {
				tested[id] = true
			}
		}
	}
	for _, r := range all {
		if !tested[r.ID] {
			t.Errorf("rule %s of %s has no test", r.ID, r.File)
		}
	}
}

const warmStory = `tests:
  - name: warm
    devices: {s: {}}
    story:
      - {at: "08:00", device: s, says: {temperature: 31}}
      - {after: 4m, expect: nothing}
      - {after: 1m, expect: Warm}
      - {acknowledge: warm}
      - {after: 1m, device: s, says: {temperature: 20}}
      - {expect: nothing}
`

// TestStoriesNameTheStepThatIsWrong: a test fails at the line of what was expected, with what was
// found instead.
func TestStoriesNameTheStepThatIsWrong(t *testing.T) {
	for _, c := range []struct{ what, from, to, want string }{
		{"right", "", "", ""},
		{"too early", "after: 4m, expect: nothing", "after: 4m, expect: Warm",
			"t.yaml:6:9: at 08:04:00: expected warm, and there is nothing"},
		{"late", "after: 1m, expect: Warm", "after: 1m, expect: nothing",
			"t.yaml:7:9: at 08:05:00: expected nothing, and there is warm"},
		{"another rule", "expect: Warm", "expect: Cold",
			`t.yaml:7:9: no rule of this test has the id or the title "Cold"`},
		{"misspelt", "says: {temperature: 31}", "says: {temperatur: 31}",
			`t.yaml:5:9: no rule of this test reads "temperatur"`},
		{"nothing to answer", "at: \"08:00\", device: s, says: {temperature: 31}", "acknowledge: warm",
			`t.yaml:5:9: there is no alert "warm" to acknowledge`},
	} {
		r, err := rules.ParseOne("r", []byte(
			"id: warm\ntitle: Warm\nseverity: info\nwhen: {property: temperature, above: 30}\nfor: 5m\n"))
		if err != nil {
			t.Fatal(err)
		}
		tests, err := rules.ParseTests("t.yaml", []byte(strings.Replace(warmStory, c.from, c.to, 1)), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		got := ""
		for _, e := range rules.RunTests("t.yaml", tests, []rules.Rule{r}, nil)[0].Failures {
			got += e.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

// TestParseTestsNamesThePlace: mistakes in tests are told with line and column.
func TestParseTestsNamesThePlace(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"device: s, says", "device: x, says", `t.yaml:5:31: tests[0].story[0].device: there is no device "x"`},
		{"expect: nothing", "expects: nothing", "t.yaml:6:21: tests[0].story[1].expects: there is no such key"},
		{"after: 4m", "after: 4 minutes", `"4 minutes" is no duration; write 4m`},
		{"devices: {s: {}}", "devices: {s: {room: hall}}", `there is no room "hall" in rooms`},
		{"devices: {s: {}}", "devices: {s: {profile: air}}",
			`t.yaml:5:41: tests[0].story[0].says.temperature: the profile "air" has no such property; use temp`},
		{"at: \"08:00\"", "at: \"8 o'clock\"", "is no time of the day"},
		{"says: {temperature: 31}", "says: {temperature: 31}, is: online", "exactly one of"},
	} {
		air := g.Profile{ID: "air", Properties: map[string]g.Property{"temp": {Type: "number"}}}
		_, err := rules.ParseTests("t.yaml", []byte(strings.Replace(warmStory, c.from, c.to, 1)),
			[]g.Profile{air})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.to, err, c.want)
		}
	}
}

// TestATestThatExpectsNothingOfRules is none.
func TestATestThatExpectsNothingOfRules(t *testing.T) {
	_, err := rules.ParseTests("t.yaml", []byte("tests:\n  - name: warm\n    devices: {s: {}}\n"+
		"    story:\n      - {at: \"08:00\", device: s, says: {temperature: 31}}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "t.yaml:5:7: tests[0].story: the story expects nothing") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseTests(f *testing.F) {
	f.Add([]byte(warmStory))
	f.Add([]byte("tests: [{name: x, start: sat 21:00, rooms: {a: {kind: gate}}, devices: {d: {room: a}}, story: []}]"))
	f.Add([]byte("tests:\n- name: {}\n  devices: 1\n  story: {at: x}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tests, err := rules.ParseTests("f", b, nil)
		if err == nil {
			rules.RunTests("f", tests, nil, nil)
		}
	})
}

func FuzzParseOne(f *testing.F) {
	f.Add([]byte("id: a\ntitle: A\nseverity: info\nwhen: {status: offline}\n"))
	f.Add([]byte("rules:\n  - id: a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := rules.ParseOne("f", b); err == nil && r.ID == "" {
			t.Errorf("got a rule without an id of %q", b)
		}
	})
}

// TestAloneIsTheRule: the text of a rule in a file, taken alone, says the same.
func TestAloneIsTheRule(t *testing.T) {
	for _, r := range shippedRules(t) {
		alone, err := rules.ParseOne("alone", []byte(rules.Alone(r.YAML)))
		if err != nil {
			t.Errorf("%s: %v\n%s", r.ID, err, rules.Alone(r.YAML))
			continue
		}
		if alone.ID != r.ID || alone.For != r.For || !slices.Equal(alone.Where.ZoneKind, r.Where.ZoneKind) {
			t.Errorf("%s: got %+v", r.ID, alone)
		}
	}
}
