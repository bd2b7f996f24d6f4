// Package texts is the catalogue of what the gateway says to people: it renders a text or an
// error of the root package in the reader's language. English is in the code, as the format of
// each text, and is the key here; Chinese is in zh.json, one line for each format. The
// package's test reads all Go source and fails for a text without Chinese, for Chinese that is
// no longer used, and for placeholders that differ. It refuses to decide anything: what a
// program must distinguish has a code.
package texts

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/language"

	g "github.com/gatehouse-iot/gatehouse"
)

// Language is one that the gateway speaks, as a BCP 47 tag.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

// most is the longest Accept-Language that is read; browsers send shorter ones.
const most = 512

// Accept chooses by the header Accept-Language (RFC 9110, section 12.5.4); English where it names
// neither language, or cannot be read.
func Accept(header string) Language {
	if header == "" || len(header) > most {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return English
	}
	for _, t := range tags {
		switch base, _ := t.Base(); base.String() {
		case "zh":
			return Chinese
		case "en", "mul":
			return English
		}
	}
	return English
}

// Locale chooses by the variables of POSIX's environment, the first of LC_ALL, LC_MESSAGES and
// LANG that is set.
func Locale(env func(string) string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				return Chinese
			}
			return English
		}
	}
	return English
}

//go:embed zh.json
var zhJSON []byte

var chinese = sync.OnceValue(func() map[string]string {
	m, err := read(zhJSON)
	if err != nil {
		return nil // the package's test reads the file, too
	}
	return m
})

func read(b []byte) (map[string]string, error) {
	m := map[string]string{}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("read the catalogue of texts: %w", err)
	}
	return m, nil
}

// Text says it in the language; in English what the catalogue does not have.
func (l Language) Text(t g.Text) string {
	if l != Chinese {
		return t.String()
	}
	format, ok := chinese()[t.Format]
	if !ok && worded(t.Format) {
		return t.String()
	}
	if !ok {
		format = t.Format
	}
	if len(t.Args) == 0 {
		return strings.ReplaceAll(format, "%%", "%")
	}
	args := make([]any, len(t.Args))
	for i, a := range t.Args {
		args[i] = l.argument(a)
	}
	return fmt.Sprintf(format, args...)
}

// Kept renders what [gatehouse.Text.Keep] has stored beside the English sentence; without it there
// is only that sentence.
func (l Language) Kept(said []byte, english string) string {
	if l == English {
		return english
	}
	t, ok := g.ReadText(said, english)
	if !ok {
		return english
	}
	return l.Text(t)
}

// Message is the error's message without its field. One with a reason's code is rendered from the
// code, whichever program it comes from.
func (l Language) Message(e *g.Error) string {
	// What is wrong with a photograph has a field, and some of its codes are a camera's too.
	if e.Text == nil && e.Reason != "" && e.Field == "" && l == Chinese {
		return l.Reason(g.Reason{
			Code:   g.ReasonCode(e.Reason),
			Params: e.Params,
		}, e.Message)
	}
	return l.Text(e.Say())
}

// Reason renders a reason; sentence is for a code that the catalogue does not have.
func (l Language) Reason(r g.Reason, sentence string) string {
	said, ok := chinese()[g.ReasonText(r.Code)]
	if l != Chinese || !ok {
		return sentence
	}
	return r.In(said)
}

// Error renders any error: what is not for people, and what other packages say, stays as it is, and
// texts inside it are rendered in place.
func (l Language) Error(err error) string {
	if l == English {
		return err.Error()
	}
	var inside []error
	switch e := err.(type) {
	case *g.Error:
		if e.Field != "" {
			return e.Field + ": " + l.Message(e)
		}
		return l.Message(e)
	case interface{ Unwrap() []error }:
		inside = e.Unwrap()
	case interface{ Unwrap() error }:
		inside = append(inside, e.Unwrap())
	}
	all := err.Error()
	for _, one := range inside {
		if one != nil {
			all = strings.Replace(all, one.Error(), l.Error(one), 1)
		}
	}
	return all
}

func (l Language) argument(a any) any {
	switch a := a.(type) {
	case g.Text:
		return l.Text(a)
	case *g.Text:
		return l.Text(*a)
	case g.Texts:
		out := make([]string, len(a.Items))
		for i, t := range a.Items {
			out[i] = l.Text(t)
		}
		return strings.Join(out, l.Text(a.Between))
	case error:
		return l.Error(a)
	}
	return a
}

// worded says whether a format says something itself; "%s: %v" does not, and needs no translation.
func worded(format string) bool {
	verb := false
	for _, r := range format {
		switch {
		case verb:
			verb = strings.ContainsRune("+-# 0123456789.[]", r)
		case r == '%':
			verb = true
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return true
		}
	}
	return false
}
