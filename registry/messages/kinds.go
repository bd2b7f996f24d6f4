package messages

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// MessageKind is a kind of message: which parameters its template may name.
type MessageKind struct {
	Name   string   `json:"name"`
	Params []string `json:"params"`
}

// Kinds lists the kinds of message. Of a parameter x_zh a Chinese text takes it as {x}.
func Kinds() []MessageKind {
	return []MessageKind{
		{"alert", []string{
			"title", "severity", "place", "time", "device", "others", "link", "take", "school",
		}},
		{"unanswered", []string{
			"title", "severity", "place", "time", "others", "who", "missed", "link", "take",
			"school",
		}},
		{"lockdown", []string{
			"title", "text", "place", "time", "by", "note", "mark", "link", "school",
		}},
		{"allclear", []string{"title", "time", "by", "note", "mark", "school"}},
		{"broadcast", []string{"subject", "text", "read", "stop", "school", "name"}},
		{"visit", []string{"who", "group", "purpose", "host", "time", "link", "school"}},
		{"arrival", []string{"who", "group", "purpose", "time", "escort", "school"}},
		{"leave_ask", []string{"who", "class", "kind", "time", "days", "link", "school"}},
		{leaveAnswerKind, []string{"who", "time", "answer", "reason", "link", "school"}},
		{signInKind, []string{"code", "school"}},
		{"digest", []string{"count", "items", "rest", "school"}},
		{"confirm", []string{"code", "school"}},
		{"test", []string{"channel", "time", "school"}},
	}
}

// KindOf finds a kind.
func KindOf(name string) (MessageKind, error) {
	all := Kinds()
	i := slices.IndexFunc(all, func(k MessageKind) bool { return k.Name == name })
	if i < 0 {
		var names []string
		for _, k := range all {
			names = append(names, k.Name)
		}
		return MessageKind{}, g.FieldErrorf("kind", "%q is no kind of message; use one of %v", name, names)
	}
	return all[i], nil
}

// Languages are the languages of templates.
func Languages() []string { return []string{"en", "zh-CN"} }
