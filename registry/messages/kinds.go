package messages

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Kind is a kind of message: which parameters its template may name.
type Kind struct {
	Name   string   `json:"name"`
	Params []string `json:"params"`
}

// Kinds lists the kinds of message. Of a parameter x_zh a Chinese text takes it as {x}.
func Kinds() []Kind {
	return []Kind{
		{"alert", []string{"title", "severity", "place", "time", "device", "link", "take", "school"}},
		{"unanswered", []string{
			"title", "severity", "place", "time", "who", "link", "take", "school",
		}},
		{"broadcast", []string{"subject", "text", "read", "school", "name"}},
		{"confirm", []string{"code", "school"}},
		{"test", []string{"channel", "time", "school"}},
		{"digest", []string{"count", "list", "school"}},
	}
}

// KindOf finds a kind.
func KindOf(name string) (Kind, error) {
	all := Kinds()
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		var names []string
		for _, k := range all {
			names = append(names, k.Name)
		}
		return Kind{}, g.FieldErrorf("kind", "%q is no kind of message; use one of %v", name, names)
	}
	return all[i], nil
}

// Languages are the languages of templates.
func Languages() []string { return []string{"en", "zh-CN"} }
