package gatehouse

import "fmt"

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
func (t Text) String() string { return t.english }
