package gatehouse

import (
	"fmt"
	"strings"
)

// Text is a sentence for people. Its English format is its name in the catalogue of texts (as in
// gettext), and Args are what stands in its places: who renders it in another language looks the
// format up and renders those of Args that are texts or errors themselves. Nothing is decided by
// what a text says: codes and typed fields are for that.
type Text struct {
	Format string
	Args   []any

	english string
}

// Textf makes a Text. The format is a literal, or the check of the catalogue fails.
func Textf(format string, args ...any) Text {
	return Text{Format: format, Args: args, english: fmt.Sprintf(format, args...)}
}

// Word makes a Text without places: a noun or a phrase that stands inside of another.
func Word(english string) Text { return Text{Format: english, english: english} }

// String says it in English.
func (t Text) String() string {
	switch {
	case t.english != "":
		return t.english
	case len(t.Args) == 0:
		return t.Format
	}
	return fmt.Sprintf(t.Format, t.Args...)
}

// Say is the error's message as a text that can stand inside of another.
func (e *Error) Say() Text {
	if e.Text == nil {
		return Text{Format: e.Message}
	}
	return *e.Text
}

// Texts are several, said one after the other.
type Texts struct {
	Items   []Text
	Between Text
}

// Add appends one.
func (t *Texts) Add(one Text) { t.Items = append(t.Items, one) }

// String says them in English.
func (t Texts) String() string {
	all := make([]string, len(t.Items))
	for i, one := range t.Items {
		all[i] = one.String()
	}
	return strings.Join(all, t.Between.String())
}
