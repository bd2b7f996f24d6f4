package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// Files are the rules and procedures of a folder, and the calendars of the schools, by which some of
// them hold; a folder has none.
type Files struct {
	Rules      []rules.Rule
	Procedures []rules.Procedure
	Calendars  map[g.SchoolID]calendar.Calendar
}

// Load reads every rule of a folder, and every procedure of its folder procedures, as the gateway
// does at its start and on a reload. An error names the place.
func Load(dir string) (Files, error) {
	names, err := yamlFiles(dir)
	if err != nil {
		return Files{}, err
	}
	return read(names, []string{filepath.Join(dir, proceduresDir)})
}

// LoadAgain is Load for a reload, where a folder that is away or empty is an error: a share may not
// be mounted, and nothing would be watched any more.
func LoadAgain(dir string) (Files, error) {
	if _, err := os.Stat(dir); err != nil {
		return Files{}, g.Errorf(g.Invalid, "there is no folder %s with rules: put it back", dir)
	}
	f, err := Load(dir)
	if err == nil && len(f.Rules) == 0 {
		return f, g.Errorf(g.Invalid, "the folder %s holds no rule any more: put one back", dir)
	}
	return f, err
}

// Check reads rule files and folders together, with the checks of Load. For a file in a rules
// folder, which is one that has a folder of procedures, it reads the folder's other files too.
func Check(paths ...string) (Files, error) {
	var names, procedures []string
	add := func(more ...string) {
		for _, name := range more {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return Files{}, err
		}
		dir := path
		if !info.IsDir() {
			if filepath.Ext(path) == ".yml" {
				return Files{}, notRead(path)
			}
			dir = filepath.Dir(path)
			add(path)
		}
		own := filepath.Join(dir, proceduresDir)
		if _, err := os.Stat(own); err != nil && !info.IsDir() {
			continue
		}
		more, err := yamlFiles(dir)
		if err != nil {
			return Files{}, err
		}
		add(more...)
		if !slices.Contains(procedures, own) {
			procedures = append(procedures, own)
		}
	}
	return read(names, procedures)
}

// proceduresDir is the folder of procedures in a rules folder.
const proceduresDir = "procedures"

// read reads and checks rule files and folders of procedures.
func read(names, procedures []string) (f Files, err error) {
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return f, fmt.Errorf("read rules: %w", err)
		}
		more, err := rules.Parse(name, b)
		if err != nil {
			return f, err
		}
		f.Rules = append(f.Rules, more...)
	}
	for _, dir := range procedures {
		names, err := yamlFiles(dir)
		if err != nil {
			return f, err
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				return f, fmt.Errorf("read procedures: %w", err)
			}
			more, err := rules.ParseProcedures(name, b)
			if err != nil {
				return f, err
			}
			f.Procedures = append(f.Procedures, more...)
		}
	}
	return f, f.Check()
}

// Check holds the rules and procedures against each other, and against what this gateway can do.
func (f Files) Check() error {
	if err := rules.Check(f.Rules, f.Procedures); err != nil {
		return err
	}
	return f.possible()
}

// possible returns an error for every action that this gateway does not carry out.
func (f Files) possible() error {
	var errs []error
	for _, r := range f.Rules {
		for _, act := range r.Then {
			if act.Notify != nil && slices.Contains(act.Notify.Roles, g.RoleVendor) {
				errs = append(errs, g.FieldErrorf(fmt.Sprintf("%s:%d", r.File, r.Line),
					"rule %s: a vendor is told of no alert: leave this role out of notify", r.ID))
			}
		}
	}
	return errors.Join(errs...)
}

// Doubts returns what the rules use but no profile has; see [rules.Doubts].
func (f Files) Doubts(profiles []g.Profile) []*g.Error { return rules.Doubts(f.Rules, profiles) }

// Texts returns the rules in the form in which the audit log records changes.
func (f Files) Texts() ([]alerts.RuleText, error) {
	var texts []alerts.RuleText
	for _, r := range f.Rules {
		texts = append(texts, alerts.RuleText{
			Kind: "rule",
			ID:   string(r.ID),
			Body: r.YAML,
		})
	}
	for _, p := range f.Procedures {
		b, err := procedureText(p)
		if err != nil {
			return nil, err
		}
		texts = append(texts, alerts.RuleText{
			Kind: "procedure",
			ID:   string(p.ID),
			Body: string(b),
		})
	}
	return texts, nil
}

// procedureText is the form in which the audit log records a procedure. One without questions,
// owners and times is written as before these were known, so that an upgrade is no change of it.
func procedureText(p rules.Procedure) ([]byte, error) {
	type step struct{ Text, TextZH string }
	old := struct {
		ID      g.ProcedureID
		Title   string
		TitleZH string
		Steps   []step
	}{
		ID:      p.ID,
		Title:   p.Title,
		TitleZH: p.TitleZH,
	}
	for _, s := range p.Steps {
		if len(s.Answers) > 0 || s.Owner != "" || s.Within > 0 {
			return json.MarshalIndent(p, "", " ")
		}
		old.Steps = append(old.Steps, step{s.Text, s.TextZH})
	}
	return json.MarshalIndent(old, "", " ")
}

// Seed copies the shipped rules and procedures to dir if it does not exist yet.
func Seed(dir string, shipped fs.FS) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	for from, to := range map[string]string{
		"rules":      dir,
		"procedures": filepath.Join(dir, proceduresDir),
	} {
		sub, err := fs.Sub(shipped, from)
		if err != nil {
			return err
		}
		if err := os.CopyFS(to, sub); err != nil {
			return err
		}
	}
	return nil
}

// yamlFiles lists the YAML files of a folder, none if it does not exist. A file with another ending
// is an error, because it would be ignored silently.
func yamlFiles(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	others, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		return nil, notRead(name)
	}
	return names, nil
}

// notRead says that a file has an ending that no folder reads.
func notRead(name string) error {
	return g.FieldErrorf(name, "files that end in .yml are not read: rename it to .yaml, or move it away")
}
