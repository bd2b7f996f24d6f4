package access

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/trustelem/zxcvbn"
)

const (
	leastGuesses = 1e7 // least strength of a password, by zxcvbn's estimate
	judged       = 60  // characters of a password that are judged
	ownLeast     = 4   // characters from which a name may not be part of the password
	restLeast    = 6   // characters that must remain without that name
)

// localWords are locally common passwords that zxcvbn's lists do not have.
func localWords() []string {
	return []string{"woaini", "woaiwojia", "nihao", "5201314", "1314520", "1314", "520", "laoshi",
		"xuesheng", "xuexiao", "xiaoxue",
		"zhongxue", "youeryuan", "baoan", "guanliyuan", "mima", "admin", "administrator",
		"teacher", "school", "security"}
}

// goodPassword refuses passwords that are guessed first: short ones, runs of digits, the names of
// the person and the school, common passwords, and simple combinations of these.
func goodPassword(password string, about ...string) error {
	if n := utf8.RuneCountInString(password); n < 10 || n > 200 {
		return g.FieldErrorf("password", "the password has %d characters: give 10 to 200", n)
	}
	if !utf8.ValidString(password) {
		return g.FieldErrorf("password", "the password is not UTF-8 text")
	}
	low := strings.ToLower(password)
	if rest := withoutDigits(low); utf8.RuneCountInString(rest) < restLeast {
		return g.FieldErrorf("password",
			"the password is little more than digits in a row, such as a telephone number: use a "+
				"few words")
	}
	words := localWords()
	for _, a := range about {
		for _, w := range append(strings.Fields(strings.ToLower(a)),
			strings.ToLower(strings.TrimSpace(a))) {
			if utf8.RuneCountInString(w) < ownLeast && !wide(w) {
				continue
			}
			words = append(words, w)
			if rest := strings.ReplaceAll(low, w, ""); rest != low &&
				utf8.RuneCountInString(rest) < restLeast {
				return g.FieldErrorf("password",
					"the password is little more than the name of its owner or of the school: "+
						"use a few other words")
			}
		}
	}
	runes := []rune(password)
	if zxcvbn.PasswordStrength(string(runes[:min(len(runes), judged)]), words).Guesses < leastGuesses {
		return g.FieldErrorf("password",
			"the password is among those that are tried first, such as common ones, rows of keys "+
				"and repeats: use a few words that do not belong together").Because("password_common")
	}
	return nil
}

// goodFor is goodPassword with the names of a user and the school.
func (r *Book) goodFor(ctx context.Context, u g.User, password string) error {
	school, err := places.SchoolRow(ctx, r.s.Reg, u.School)
	if err != nil {
		return err
	}
	return goodIn(school.Name, u, password)
}

// goodIn is goodPassword with the names of a user and of a school.
func goodIn(school string, u g.User, password string) error {
	return goodPassword(
		password,
		u.Name,
		u.FullName,
		school,
		"gatehouse",
	)
}

// wide reports whether a short word is long enough for a name, as in Chinese.
func wide(w string) bool {
	return utf8.RuneCountInString(w) >= 2 && strings.IndexFunc(w, unicode.IsLetter) >= 0 &&
		len(w) >= 3*utf8.RuneCountInString(w)
}

// withoutDigits removes runs of ten or more digits, and everything if there are no letters.
func withoutDigits(s string) string {
	if strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return ""
	}
	var out, run strings.Builder
	flush := func() {
		if utf8.RuneCountInString(run.String()) < 10 {
			fmt.Fprint(&out, run.String())
		}
		run.Reset()
	}
	for _, r := range s {
		if unicode.IsDigit(r) {
			run.WriteRune(r)
			continue
		}
		flush()
		out.WriteRune(r)
	}
	flush()
	return out.String()
}
