package app

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Each kind of channel goes some way, and the console has words for it and for each of its fields.
func TestChannelsHaveWords(t *testing.T) {
	for _, name := range []string{"en", "zh"} {
		all, err := os.ReadFile("../../api/console/src/i18n/" + name + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		kinds, fields := block(t, string(all), "channelKind"), block(t, string(all), "channelField")
		for _, k := range channels() {
			if messages.WayOf(k.Name) == "" {
				t.Errorf("the registry knows no way of the kind %s", k.Name)
			}
			if !slices.Contains(kinds, k.Name) {
				t.Errorf("%s.ts has no channelKind.%s", name, k.Name)
			}
			for _, f := range k.Fields {
				if !slices.Contains(fields, f.Name) {
					t.Errorf("%s.ts has no channelField.%s, which %s has", name, f.Name, k.Name)
				}
			}
		}
	}
}

// The console has words for each kind of message, and for each reader of the journal.
func TestMessagesAndReadersHaveWords(t *testing.T) {
	for _, name := range []string{"en", "zh"} {
		all, err := os.ReadFile("../../api/console/src/i18n/" + name + ".ts")
		if err != nil {
			t.Fatal(err)
		}
		words := block(t, string(all), "messageKind")
		for _, k := range messages.Kinds() {
			if !slices.Contains(words, k.Name) {
				t.Errorf("%s.ts has no messageKind.%s", name, k.Name)
			}
		}
		words = block(t, string(all), "cursorName")
		for _, c := range cursors {
			if !slices.Contains(words, c) {
				t.Errorf("%s.ts has no cursorName.%s", name, c)
			}
		}
	}
}

// block are the names within a block of the console's texts.
func block(t *testing.T, all, name string) (names []string) {
	t.Helper()
	_, rest, ok := strings.Cut(all, "\n  "+name+": {\n")
	if !ok {
		t.Fatalf("the console has no texts %s", name)
	}
	rest, _, _ = strings.Cut(rest, "\n  },\n")
	for line := range strings.SplitSeq(rest, "\n") {
		if at, _, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			names = append(names, at)
		}
	}
	return names
}
