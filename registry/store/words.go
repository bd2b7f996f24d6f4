package store

import (
	"slices"
	"strings"
)

// Containing is the LIKE pattern for lower-case texts that contain s.
func Containing(s string) string { return "%" + Literal(strings.ToLower(s)) + "%" }

// Literal escapes s for LIKE.
func Literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// HasWords reports whether every word of q is part of one of the texts, ignoring case.
func HasWords(q string, texts ...string) bool {
	for _, word := range strings.Fields(strings.ToLower(q)) {
		if !slices.ContainsFunc(texts, func(s string) bool {
			return strings.Contains(strings.ToLower(s), word)
		}) {
			return false
		}
	}
	return true
}

// MaxWords is how many words of a search count; further ones are ignored.
const MaxWords = 8

// Limits of one page of a search through alerts, whose text is encrypted and must be decrypted to
// search.
const (
	SearchStep = 500    // alerts decrypted at a time
	SearchMost = 10_000 // alerts searched for one page; the cursor continues after them
)
