package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	kept "github.com/gatehouse-iot/gatehouse/registry/rules"
)

// TestStartWithABadFile: a mistake that a reload refused stays visible, and keeps no gateway down
// after a power cut: what held before holds on, until somebody mends the file.
func TestStartWithABadFile(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	before := x.ruleIDs(t)
	if len(before) == 0 {
		t.Fatal("no rule is in force: the test would see nothing")
	}
	bad := filepath.Join(s.dir, "rules", "mine.yaml")
	for name, text := range map[string]string{
		"no severity":  "rules:\n  - id: mine\n    title: Mine\n    when: {property: temperature, above: 30}\n",
		"another kind": "procedures: []\n",
	} {
		ok(t, os.WriteFile(bad, []byte(text), 0o600))
		if _, err := x.a.Reload(t.Context(), false); err == nil {
			t.Errorf("%s: a reload took it", name)
		}
		x.raised(t, "files", g.Major)
		if got := x.check(t, "files"); !strings.HasPrefix(got, "warning: ") || !strings.Contains(got, "mine") {
			t.Errorf("%s: the check says %q after the reload, want warning", name, got)
		}
		x.end(t)
		x = s.runFile(t, anyPorts)
		if got := x.ruleIDs(t); !slices.Equal(got, before) {
			t.Errorf("%s: after a restart %v are in force, want %v", name, got, before)
		}
		if got := x.check(t, "files"); !strings.HasPrefix(got, "warning: ") || !strings.Contains(got, "mine") {
			t.Errorf("%s: the check says %q after the restart, want warning", name, got)
		}
	}
	fires := x.raised(t, "files", g.Major)
	ok(t, os.Remove(bad))
	_, err := x.a.Reload(t.Context(), false)
	ok(t, err)
	x.over(t, "files", fires.ID)
	if got := x.check(t, "files"); !strings.HasPrefix(got, "ok: ") {
		t.Errorf("the check says %q after the mend, want ok", got)
	}
}

// TestFirstStartWithABadFile: nothing held before, and somebody is there to mend it.
func TestFirstStartWithABadFile(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	ok(t, os.RemoveAll(filepath.Join(s.dir, "data", "rules-in-force")))
	s.write(t, "rules/mine.yaml", "rules:\n  - id: mine\n")
	s.write(t, "gatehouse.yaml", reloadBase+anyPorts)
	c, err := config.Load(filepath.Join(s.dir, "gatehouse.yaml"))
	ok(t, err)
	_, err = open(t.Context(), c, app.Options{Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "mine.yaml:2") {
		t.Errorf("got %v, want the place of the mistake", err)
	}
}

// TestStartWithAFileThatTakesASchoolsID: start and reload are of one opinion.
func TestStartWithAFileThatTakesASchoolsID(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	x := s.runFile(t, anyPorts)
	const text = "id: mine\ntitle: Mine\nseverity: info\nwhen: {property: temperature, above: 30}\n"
	_, err := x.view().Rules.Put(t.Context(), kept.RuleVersion{
		School:  killSchool,
		ID:      "mine",
		Text:    text,
		Enabled: true,
	}, 0)
	ok(t, err)
	var before []string
	eventually(t, "the school's rule", func() bool {
		before = x.ruleIDs(t)
		return slices.ContainsFunc(before, func(id string) bool { return strings.HasPrefix(id, "mine") })
	})
	s.write(t, "rules/mine.yaml", "rules:\n  - "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")+"\n")
	x.end(t)
	x = s.runFile(t, anyPorts)
	if got := x.ruleIDs(t); !slices.Equal(got, before) {
		t.Errorf("in force %v, want %v as before", got, before)
	}
	if got := x.check(t, "files"); !strings.HasPrefix(got, "warning: ") || !strings.Contains(got, "mine") {
		t.Errorf("the check says %q, want warning", got)
	}
}
