package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Words describes fields in the document, for types without doc tags. A line is one of
//
//	Type.field: of one type, or of its rows in a list (the type's name and Row)
//	field: of every type that says nothing else
//	Type: the type itself
//
// and continues in the next line if that begins with a tab.
func (gt *Gate) Words(lines string) { gt.words = append(gt.words, lines) }

// shared describes fields that types of several areas have.
const shared = `
id: The id.
school: The school's id.
name: The name that people know.
reason: Why, in words.
state: The state.
created: When it was made.
person: The person's id; empty: unknown.
title: The title in English.
kind: The kind.
zone: The zone's id.
title_zh: The title in Chinese.
time: When it happened.
seq: The place in the journal.
device: The device's id.
at: When.
method: How somebody was recognised.
class: The class, e.g. 7-2.
media: The picture's id, for GET /v1/media.
source: Where it came from: a topic, a driver, an address.
values: Values by property.
note: In words.
actor: Who did it.
driver: The driver's name.
replayed: History that the device kept while it was out of reach.
received: When the gateway had it.
language: en or zh-CN.
started: When it started.
text: The text in English.
expires: When it ends.
done: It is done.
error: What went wrong.
zones: Zones.
message: In words.
message_zh: In Chinese.
disabled: It is switched off.
timezone: IANA time zone.
maker: The id of the user or key that made it; empty: nobody that is known.
maker_name: The name of who made it.
maker_state: active, or why what was made does not work: disabled, ended or gone; unknown where nobody knows who
	made it.
effective: What is left of it now that its maker may do.
alert: The alert, where kind is alert.
`

// told are the descriptions by name.
type told map[string]string

// tell reads lines of Words. Two descriptions of one name are an error.
func (t told) tell(lines string) error {
	lines = strings.ReplaceAll(lines, "\n\t", " ")
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, text, ok := strings.Cut(line, ": ")
		if !ok {
			return fmt.Errorf("words of the document: %q says nothing of anything", line)
		}
		if _, twice := t[name]; twice {
			return fmt.Errorf("words of the document: %s is described twice", name)
		}
		t[name] = text
	}
	return nil
}

// describeFields sets the descriptions of schemas and fields that have none. Unused descriptions
// are an error: the field may have been renamed.
func (gt *Gate) describeFields(schemas map[string]*huma.Schema) error {
	words := told{}
	for _, lines := range append([]string{shared}, gt.words...) {
		if err := words.tell(lines); err != nil {
			return err
		}
	}
	used := map[string]bool{}
	say := func(name string) string {
		text, ok := words[name]
		used[name] = used[name] || ok
		return text
	}
	for name, schema := range schemas {
		if schema.Description == "" {
			schema.Description = say(name)
		}
		base := strings.TrimSuffix(name, "Row")
		for field, p := range schema.Properties {
			for _, of := range []string{name + "." + field, base + "." + field, field} {
				if p.Description == "" {
					p.Description = say(of)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if !used[name] {
			return fmt.Errorf("words of the document: nothing is called %s", name)
		}
	}
	return nil
}
