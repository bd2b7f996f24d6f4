package config

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
)

var (
	unknownField = regexp.MustCompile(`line (\d+): field (.+) not found in type config\.(\w+)`)
	wrongValue   = regexp.MustCompile("line (\\d+): cannot unmarshal \\S+ `(.*)` into (\\S+)")
	wrongKind    = regexp.MustCompile(`line (\d+): cannot unmarshal !!(\w+) into (\S+)`)
)

// explain rewrites the YAML library's errors as file:line: key: what is wrong and how to mend it.
func explain(file string, text []byte, err error) error {
	said := err.Error()
	if m := unknownField.FindStringSubmatch(said); m != nil {
		if column, _ := g.WidePunctuation(m[2]); column > 0 {
			return g.NotYAML(file, text, err)
		}
		return g.Errorf(g.Invalid,
			"%s:%s: %s: there is no such key here; `gateway config` prints every key", file, m[1],
			m[2])
	}
	if m := wrongValue.FindStringSubmatch(said); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: %s does not fit: a %s is wanted here; `gateway config` shows examples", file,
			m[1], "`"+m[2]+"`", plainType(m[3]))
	}
	if m := wrongKind.FindStringSubmatch(said); m != nil {
		return g.Errorf(g.Invalid,
			"%s:%s: a %s does not fit: a %s is wanted here; `gateway config` shows examples", file,
			m[1], plainKind(m[2]), plainType(m[3]))
	}
	return g.NotYAML(file, text, err)
}

func plainKind(tag string) g.Text {
	switch tag {
	case "seq":
		return g.Word("list")
	case "map":
		return g.Word("group of keys")
	}
	return g.Word("single value")
}

func plainType(t string) g.Text {
	switch t {
	case "int", "int64":
		return g.Word("whole number")
	case "float64":
		return g.Word("number")
	case "string", "gatehouse.DriverName":
		return g.Word("text")
	case "[]string":
		return g.Word("list of texts")
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
