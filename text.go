package gatehouse

import (
	"fmt"
	"strings"
)

// Text is a sentence for people. As in gettext, its English format is its key in the catalogue of
// texts, and Args are the arguments: a translation looks the format up, and translates those Args
// that are texts or errors themselves. Nothing may be decided by what a text says; use codes and
// typed fields.
type Text struct {
	Format string
	Args   []any

	english string
}

// Textf makes a Text. The format must be a literal; a test of the catalogue enforces this.
func Textf(format string, args ...any) Text {
	return Text{
		Format:  format,
		Args:    args,
		english: fmt.Sprintf(format, args...),
	}
}

// Word makes a Text without arguments: a noun or a phrase, to be an argument of another text.
func Word(english string) Text {
	return Text{
		Format:  english,
		english: english,
	}
}

// String is the text in English.
func (t Text) String() string {
	switch {
	case t.english != "":
		return t.english
	case len(t.Args) == 0:
		return t.Format
	}
	return fmt.Sprintf(t.Format, t.Args...)
}

// Say returns the error's message as a Text, to be an argument of another text.
func (e *Error) Say() Text {
	if e.Text == nil {
		return Text{Format: e.Message}
	}
	return *e.Text
}

// Whole returns the error's text, preceded by its field.
func (e *Error) Whole() Text {
	if e.Field == "" {
		return e.Say()
	}
	return Textf("%s: %s", e.Field, e.Say())
}

// TextOf returns the text of an error. An error that is no Error, or that wraps one, has only its
// English text.
func TextOf(err error) Text {
	switch e := err.(type) {
	case *Error:
		return e.Whole()
	case *ClockError:
		return e.Why.Whole()
	}
	return Textf("%s", err.Error())
}

// Texts are several texts with a separator.
type Texts struct {
	Items   []Text
	Between Text
}

// Add appends a text.
func (t *Texts) Add(one Text) { t.Items = append(t.Items, one) }

// String is the texts in English.
func (t Texts) String() string {
	all := make([]string, len(t.Items))
	for i, one := range t.Items {
		all[i] = one.String()
	}
	return strings.Join(all, t.Between.String())
}

// TurnsReading says whether a character turns the direction of reading, so that a text is shown
// otherwise than it is kept (Unicode Standard Annex 9, section 2).
func TurnsReading(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }
