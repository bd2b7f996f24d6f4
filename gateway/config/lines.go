package config

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
)

var (
	unknownField = regexp.MustCompile(`line (\d+): field (\S+) not found in type config\.(\w+)`)
	wrongType    = regexp.MustCompile(`line (\d+): cannot unmarshal (\S+) (.*) into (\S+)`)
)

// explain rewrites the YAML library's errors as file:line: key: what is wrong and how to mend it.
func explain(file string, err error) error {
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: %s: there is no such key here; `gateway config` prints every key", file, m[1],
			m[2])
	}
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: %s does not fit: a %s is wanted here; `gateway config` shows examples", file,
			m[1], m[3], plainType(m[4]))
	}
	return fmt.Errorf("%s: %w", file, err)
}

func plainType(t string) g.Text {
	switch t {
	case "int", "int64":
		return g.Word("whole number")
	case "float64":
		return g.Word("number")
	case "string", "gatehouse.DriverName":
		return g.Word("text")
	case "time.Duration":
		return g.Word("duration such as 90s, 12h")
	}
	return g.Word("group of keys or list")
}

// lineOf finds the line of a dotted path such as drivers[1].path; 0 where it is not there.
func lineOf(n *yaml.Node, path []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if len(path) == 0 {
		return n.Line
	}
	key, rest, _ := strings.Cut(path[0], "[")
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		v, here := n.Content[i+1], n.Content[i].Line
		if rest != "" {
			var at int
			if _, err := fmt.Sscanf(rest, "%d]", &at); err != nil || v.Kind != yaml.SequenceNode ||
				at >= len(v.Content) {
				return v.Line
			}
			v = v.Content[at]
			here = v.Line
		}
		if line := lineOf(v, path[1:]); line > 0 {
			return line
		}
		return here
	}
	return 0
}
