package alerting

import (
	"fmt"
	"os"
	"path/filepath"
)

// Hold keeps a copy of a rules folder that is in force, with its procedures, so that a start which
// finds the folder damaged or away can go on with the rules that held before. It takes the place of
// an older copy at once or not at all.
func Hold(dir, copied string) error {
	part := copied + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("keep the rules: %w", err)
	}
	for _, sub := range []string{"", proceduresDir} {
		names, err := yamlFiles(filepath.Join(dir, sub))
		if err != nil {
			return err
		}
		if err := copyFiles(names, filepath.Join(part, sub)); err != nil {
			return fmt.Errorf("keep the rules: %w", err)
		}
	}
	f, err := Load(part)
	if err != nil {
		return fmt.Errorf("keep the rules, of which a file has changed meanwhile: %w", err)
	}
	if err := os.RemoveAll(copied); err != nil {
		return fmt.Errorf("keep the rules: %w", err)
	}
	if len(f.Rules) == 0 { // somebody wants none
		return os.RemoveAll(part)
	}
	if err := os.Rename(part, copied); err != nil {
		return fmt.Errorf("keep the rules: %w", err)
	}
	return nil
}

func copyFiles(names []string, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(name)), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// LoadStart is Load for a start. Where the folder cannot be in force, fits included, and copied holds
// what was in force before, it returns that, and why as wrong. Without such a copy the start fails:
// at a first start somebody is there who can mend the file.
func LoadStart(dir, copied string, fits func(Files) error) (f Files, wrong, err error) {
	load := LoadAgain
	if _, err := os.Stat(copied); err != nil {
		load = Load
	}
	f, wrong = load(dir)
	if wrong == nil {
		wrong = fits(f)
	}
	if wrong == nil {
		return f, nil, nil
	}
	f, err = LoadAgain(copied)
	if err != nil {
		return Files{}, nil, wrong
	}
	return f, wrong, nil
}
