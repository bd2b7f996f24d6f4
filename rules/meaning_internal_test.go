package rules

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func rulesOf(t *testing.T, file string) []Rule {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := Parse(file, b)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// The hash of a rule's meaning is stored, so it must not change.
func TestMeaningIsHashedAsEver(t *testing.T) {
	for _, r := range rulesOf(t, "testdata/state/meaning.yaml") {
		if got := contentHash(r); got != r.Title {
			t.Errorf("rule %s: got the hash %s, want %s", r.ID, got, r.Title)
		}
	}
}

// Duration, severity and actions are not part of it.
func TestMannerIsNoMeaning(t *testing.T) {
	head := "rules:\n  - {id: a, when: {property: t, above: 5}, fresh: 1h, "
	read := func(text string) Rule {
		rs, err := Parse("x", []byte(head+text+"}"))
		if err != nil {
			t.Fatal(err)
		}
		return rs[0]
	}
	plain := read("title: T, severity: info")
	for _, text := range []string{
		"title: T, severity: info, for: 5m",
		"title: T, severity: info, clear: {after: 5m}",
		"title: T, severity: info, clear: {unknown: stays}",
		"title: T, severity: info, once: {every: 5m}",
		"title: T, severity: info, rises: [{severity: major, after: 5m}]",
		"title: T, severity: info, muted_by: [{rule: b, same: device}]",
		"title: T, severity: major",
		"title: Other, severity: info",
	} {
		r := read(text)
		if contentHash(r) != contentHash(plain) || mannerHash(r) == mannerHash(plain) {
			t.Errorf("%s: got another meaning or the same manner", text)
		}
	}
	r := read("title: T, severity: info, clear: {when: {property: t, below: 2}}")
	if contentHash(r) == contentHash(plain) {
		t.Error("clear.when: got the same meaning, want another")
	}
}

// A state of version 2 has hashes of the program's former structures.
func TestRulesOfVersion2AreFoundAgain(t *testing.T) {
	b, err := os.ReadFile("testdata/state/version-2.json")
	if err != nil {
		t.Fatal(err)
	}
	var saved savedEngine
	if err := json.Unmarshal(b, &saved); err != nil {
		t.Fatal(err)
	}
	rs := rulesOf(t, "testdata/state/version-2.yaml")
	if len(rs) != len(saved.Rules) {
		t.Fatalf("got %d rules, want %d", len(rs), len(saved.Rules))
	}
	for _, r := range rs {
		if got := legacyHashes(r); !slices.Contains(got, saved.Rules[r.ID].Hash) {
			t.Errorf("rule %s: got %v, want %s among them", r.ID, got, saved.Rules[r.ID].Hash)
		}
	}
	for _, r := range rulesOf(t, "testdata/state/meaning.yaml") {
		if newer := !strings.Contains("ag", string(r.ID)); newer != (legacyHashes(r) == nil) {
			t.Errorf("rule %s: got %v", r.ID, legacyHashes(r))
		}
	}
}
