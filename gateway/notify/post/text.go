package post

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
)

// Whole is subject and text together, of at most n bytes; see Cut.
func (l Letter) Whole(n int) string {
	if l.Subject == "" || strings.HasPrefix(l.Text, l.Subject) {
		return l.Cut(n)
	}
	l.Text = l.Subject + "\n" + l.Text
	return l.Cut(n)
}

// Cut is the text where it has at most n bytes; else as much of it as fits with a line that says that
// it was cut, and the link.
func (l Letter) Cut(n int) string {
	if len(l.Text) <= n {
		return l.Text
	}
	end := "\n… (cut short)"
	if strings.HasPrefix(l.Language, "zh") {
		end = "\n……（内容过长，已截断）"
	}
	if l.Link != "" {
		end += "\n" + l.Link
	}
	keep := max(0, n-len(end))
	for keep > 0 && !utf8.RuneStart(l.Text[keep]) {
		keep--
	}
	return l.Text[:keep] + end
}

// ByAnswer is what an answer of a server that speaks JSON means: as ByStatus, but a success whose body is
// something else, such as the page of a network that asks to sign in, took nothing.
func ByAnswer(channel string, a outward.Answer) Outcome {
	out := ByStatus(channel, a.Status, a.Pause)
	body := bytes.TrimSpace(a.Body)
	if out.Err != nil || len(body) == 0 || json.Valid(body) && body[0] == '{' {
		return out
	}
	return Garbled(channel)
}

// Garbled is a success that is none: the answer is not what the service says of a letter that it took.
func Garbled(channel string) Outcome {
	return Outcome{
		Verdict: Later,
		Code:    channel + " garbled",
		Err:     errors.New("the answer is not that of the service: something between may have answered"),
	}
}

// ByStatus is what an HTTP status means for a letter: 2xx took it, 408 and 5xx may take it later, 429
// and 503 take nothing now, 410 says that the address is gone, and others never take it.
func ByStatus(channel string, status int, pause time.Duration) Outcome {
	out := Outcome{
		Code:  fmt.Sprintf("%s %d", channel, status),
		Pause: pause,
	}
	if status >= 200 && status <= 299 {
		return out
	}
	out.Err = fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		out.Verdict = Away
	case status == http.StatusRequestTimeout || status >= 500:
		out.Verdict = Later
	case status == http.StatusGone:
		out.Verdict = Lost
	default:
		out.Verdict = Refused
	}
	return out
}
