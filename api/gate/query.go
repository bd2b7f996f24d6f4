package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// checkQuery refuses a query that would be misread: one that cannot be decoded, a parameter that is
// given twice and, if known is given, an unknown one. net/url drops the first and readers of one
// value the second, so that the response would be to another question.
func checkQuery(raw string, known []string) error {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return g.FieldErrorf("query",
			"the query cannot be decoded (%v): write %% as %%25, & as %%26 and ; as %%3B", err)
	}
	for key, values := range q {
		if known != nil && !slices.Contains(known, key) {
			return g.FieldErrorf(clip(key), "%s", unknownParameter(known))
		}
		if len(values) > 1 && !strings.HasSuffix(key, "[]") {
			return g.FieldErrorf(clip(key),
				"the parameter is there %d times; give it once, several values with commas "+
					"between them",
				len(values))
		}
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return g.FieldErrorf(clip(key), "the value is not UTF-8, or holds a zero byte")
			}
		}
	}
	return nil
}

func unknownParameter(known []string) g.Text {
	if len(known) == 0 {
		return g.Word("there is no such parameter: none is taken here")
	}
	return g.Textf("there is no such parameter; those taken are %s", strings.Join(known, ", "))
}

// clip bounds what is repeated of a name from outside.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

// bare is a handler that takes no query parameters.
func (gt *Gate) bare(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := checkQuery(r.URL.RawQuery, []string{}); err != nil {
			refuse(w, gt.problem(r.Context(), err))
			return
		}
		next(w, r)
	}
}
