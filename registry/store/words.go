package store

import (
	"slices"
	"strings"
)

// Containing is the pattern of texts, in lower case, that have s in them.
func Containing(s string) string { return "%" + Literal(strings.ToLower(s)) + "%" }

// Literal is s for LIKE, where % and _ mean themselves.
func Literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// HasWords says whether every word of q is part of one of the texts, in any order and case.
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

// MaxWords of a search count; the others are left out.
const MaxWords = 8

// Bounds of one page of a search through alerts, whose words are sealed in the registry.
const (
	SearchStep = 500    // alerts that are opened at a time
	SearchMost = 10_000 // alerts that one page looks at; the cursor goes on behind them
)
