package alerting

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Files are the rules and procedures of a folder.
type Files struct {
	Rules      []rules.Rule
	Procedures []rules.Procedure
}

// Load reads every rule of a folder, and every procedure of the one called procedures in it. One
// that is wrong is an error that says where.
func Load(dir string) (f Files, err error) {
	err = eachYAML(dir, func(name string, b []byte) error {
		more, err := rules.Parse(name, b)
		f.Rules = append(f.Rules, more...)
		return err
	})
	if err != nil {
		return f, err
	}
	err = eachYAML(filepath.Join(dir, "procedures"), func(name string, b []byte) error {
		more, err := rules.ParseProcedures(name, b)
		f.Procedures = append(f.Procedures, more...)
		return err
	})
	if err != nil {
		return f, err
	}
	if err := rules.Check(f.Rules, f.Procedures); err != nil {
		return f, err
	}
	for _, r := range f.Rules {
		for _, act := range r.Then {
			if act.Notify != nil {
				return f, fmt.Errorf("%s:%d: rule %s: this gateway cannot notify people by role: "+
					"leave notify out; "+
					"every alert is on the live wall and goes to webhooks", r.File, r.Line, r.ID)
			}
		}
	}
	return f, nil
}

// Texts are the rules as the audit log tells what changed of them.
func (f Files) Texts() ([]alerts.RuleText, error) {
	var texts []alerts.RuleText
	for _, r := range f.Rules {
		texts = append(texts, alerts.RuleText{Kind: "rule", ID: string(r.ID), Body: r.YAML})
	}
	for _, p := range f.Procedures {
		b, err := json.MarshalIndent(p, "", " ")
		if err != nil {
			return nil, err
		}
		texts = append(texts, alerts.RuleText{Kind: "procedure", ID: p.ID, Body: string(b)})
	}
	return texts, nil
}

// Seed copies the shipped rules and procedures into a folder that is not there yet.
func Seed(dir string, shipped fs.FS) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	for from, to := range map[string]string{
		"rules":      dir,
		"procedures": filepath.Join(dir, "procedures"),
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

func eachYAML(dir string, f func(name string, b []byte) error) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		if err := f(name, b); err != nil {
			return err
		}
	}
	return nil
}
