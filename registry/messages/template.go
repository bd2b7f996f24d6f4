package messages

import (
	"slices"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of a template in characters.
const (
	MaxSubject = 200
	MaxText    = 4000
)

// piece is plain text, or the name of a parameter.
type piece struct {
	text  string
	param bool
}

// pieces reads a text with names in braces. "{{" and "}}" are braces. An error names the field and
// the line.
func pieces(field, text string) (out []piece, err error) {
	var plain strings.Builder
	line := 1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n':
			line++
			plain.WriteByte(c)
		case strings.HasPrefix(text[i:], "{{"), strings.HasPrefix(text[i:], "}}"):
			plain.WriteByte(c)
			i++
		case c == '}':
			return nil, g.FieldErrorf(field,
				"line %d: this } closes nothing; write }} for a brace", line)
		case c == '{':
			end := strings.IndexAny(text[i:], "}\n")
			if end < 0 || text[i+end] == '\n' {
				return nil, g.FieldErrorf(field,
					"line %d: this { is not closed; write {name}, or {{ for a brace", line)
			}
			out = append(out, piece{text: plain.String()},
				piece{
					text:  strings.TrimSpace(text[i+1 : i+end]),
					param: true,
				})
			plain.Reset()
			i += end
		default:
			plain.WriteByte(c)
		}
	}
	return append(out, piece{text: plain.String()}), nil
}

// Check refuses a template that names what its kind does not have, with the line and what it has.
func (t Template) Check() error {
	k, err := KindOf(t.Kind)
	if err != nil {
		return err
	}
	if !slices.Contains(Languages(), t.Language) {
		return g.FieldErrorf("language", "%q is not offered; use en or zh-CN", t.Language)
	}
	if strings.ContainsAny(t.Subject+t.Text, "｛｝") {
		return g.FieldErrorf("text", "the braces ｛ and ｝ are full-width: write {title} with { and }")
	}
	if err := checkText("subject", t.Subject, MaxSubject, k); err != nil {
		return err
	}
	if strings.ContainsAny(t.Subject, "\r\n") {
		return g.FieldErrorf("subject", "the subject is one line")
	}
	if err := checkText("text", t.Text, MaxText, k); err != nil {
		return err
	}
	if slices.Contains(k.Params, "title") && !strings.Contains(t.Subject+t.Text, "{title}") {
		return g.FieldErrorf("text", "a message of the kind %s says what happened: name {title}", k.Name)
	}
	return nil
}

func checkText(field, text string, most int, k MessageKind) error {
	if !utf8.ValidString(text) {
		return g.FieldErrorf(field, "the text is not UTF-8")
	}
	if strings.TrimSpace(text) == "" {
		return g.FieldErrorf(field, "write what the message says")
	}
	if n := utf8.RuneCountInString(text); n > most {
		return g.FieldErrorf(field, "the text has %d characters; at most %d are kept", n, most)
	}
	for i, line := range strings.Split(text, "\n") {
		parts, err := pieces(field, line)
		if err != nil {
			return atLine(field, i+1, line)
		}
		for _, p := range parts {
			if p.param && !slices.Contains(k.Params, p.text) {
				return g.FieldErrorf(field,
					"line %d: a message of the kind %s has no {%s}; it has %v", i+1, k.Name, p.text,
					k.Params)
			}
		}
	}
	return nil
}

// atLine is the error of a line whose braces do not fit, with its own number.
func atLine(field string, n int, line string) error {
	_, err := pieces(field, strings.Repeat("\n", n-1)+line)
	return err
}

// Render fills a template: {x} is x, in Chinese x_zh where there is one. A line whose parameters are
// all empty is left out. The further alerts for which a message stands are never left out: a text
// without {others} has them at the end.
func (t Template) Render(params map[string]string) (subject, text string) {
	subject, _ = t.line(t.Subject, params)
	var lines []string
	for line := range strings.SplitSeq(t.Text, "\n") {
		if said, ok := t.line(line, params); ok {
			lines = append(lines, said)
		}
	}
	if said, ok := t.line("{others}", params); ok && !t.names("others") {
		lines = append(lines, said)
	}
	return strings.Join(strings.Fields(subject), " "), strings.Join(lines, "\n")
}

// names reports whether the text names a parameter.
func (t Template) names(param string) bool {
	parts, err := pieces("text", t.Text)
	return err == nil && slices.ContainsFunc(parts, func(p piece) bool {
		return p.param && p.text == param
	})
}

// line fills one line; ok is false where it has parameters and all are empty.
func (t Template) line(line string, params map[string]string) (said string, ok bool) {
	parts, err := pieces("text", line)
	if err != nil {
		return line, true // a template is checked when it is saved: it stays as it is
	}
	var b strings.Builder
	named, filled := false, false
	for _, p := range parts {
		if !p.param {
			b.WriteString(p.text)
			continue
		}
		value := params[p.text]
		if zh := params[p.text+"_zh"]; zh != "" && strings.HasPrefix(t.Language, "zh") {
			value = zh
		}
		named, filled = true, filled || value != ""
		b.WriteString(value)
	}
	return b.String(), filled || !named
}
