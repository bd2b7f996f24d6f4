package fleet

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"go.yaml.in/yaml/v3"
)

// maxProfile is the most bytes of a profile's file.
const maxProfile = 256 << 10

// ParseProfile parses a profile from strict YAML: one document without unknown keys. The error
// names the file, the line, the key and the fix.
func ParseProfile(name string, b []byte) (g.Profile, error) {
	if len(b) > maxProfile {
		return g.Profile{}, g.Errorf(g.TooLarge,
			"%s: the profile has %d bytes; at most %d are read", name, len(b), maxProfile)
	}
	var p g.Profile
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	switch err := d.Decode(&p); {
	case errors.Is(err, io.EOF):
		return g.Profile{}, g.Errorf(g.Invalid,
			"%s: the file is empty: begin with id, title and type", name)
	case err != nil:
		return g.Profile{}, profileError(name, err)
	}
	var more any
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return g.Profile{}, g.Errorf(g.Invalid,
			"%s: a file holds one profile: put what follows \"---\" into a file of its own", name)
	}
	if err := p.Validate(); err != nil {
		var e *g.Error
		if !errors.As(err, &e) {
			return g.Profile{}, err
		}
		return g.Profile{}, g.Errorf(g.Invalid, "%s:%d: %s", name, lineOf(b, e.Field), e.Say()).At(
			e.Field)
	}
	if p.OfflineAfter < 0 {
		return g.Profile{}, g.Errorf(g.Invalid, "%s:%d: %d is below 0: give seconds", name,
			lineOf(b, "offline_after"), p.OfflineAfter).At("offline_after")
	}
	return p, nil
}

// profileError rewrites an error of the YAML decoder for the author of the file.
func profileError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var te *yaml.TypeError
	if errors.As(err, &te) && len(te.Errors) > 0 {
		text = te.Errors[0]
	}
	at := name
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(strings.ReplaceAll(text,
		"\n", " ")); m != nil {
		at, text = name+":"+m[1], m[2]
	}
	if m := regexp.MustCompile(`^field (\S+) not found in type gatehouse\.(\w+)`).FindStringSubmatch(
		text); m != nil {
		keys := map[string]string{
			"Profile": "id, title, title_zh, type, vendor, properties, actions, events, " +
				"sightings, no_answer, retention, offline_after",
			"Property": "title, title_zh, type, unit, minimum, maximum, enum, writable, " +
				"reports, forms",
			"Action": "title, title_zh, input",

			"Affordance": "title, title_zh, data",
		}[m[2]]
		return g.Errorf(g.Invalid, "%s: the key is not known; use one of %s", at, keys).At(m[1])
	}
	return g.Errorf(g.Invalid, "%s: %s", at, text)
}

// lineOf is the line of the key that a path like "properties.smoke.type" names, or of the longest
// existing prefix.
func lineOf(b []byte, path string) int {
	var doc yaml.Node
	if yaml.Unmarshal(b, &doc) != nil || len(doc.Content) == 0 {
		return 1
	}
	at, line := doc.Content[0], max(1, doc.Content[0].Line)
	for path != "" && at.Kind == yaml.MappingNode {
		found := false
		for i := 0; i+1 < len(at.Content); i += 2 {
			key := at.Content[i]
			if rest, ok := strings.CutPrefix(path, key.Value); ok &&
				(rest == "" || rest[0] == '.') {
				path, line, at, found = strings.TrimPrefix(rest, "."), key.Line, at.Content[i+1], true
				break
			}
		}
		if !found {
			break
		}
	}
	return line
}
