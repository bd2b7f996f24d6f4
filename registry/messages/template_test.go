package messages_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// A template that cannot be filled is refused when it is saved, with the line and what to write.
func TestATemplateIsCheckedWhenItIsSaved(t *testing.T) {
	for text, want := range map[string]string{
		"{title}\n\n{tilte}": "line 3: a message of the kind alert has no {tilte}; it has [title severity",
		"a\nb {title":        "line 2: this { is not closed; write {name}, or {{ for a brace",
		"a }":                "line 1: this } closes nothing; write }} for a brace",
		"{}":                 "line 1: a message of the kind alert has no {}",
		" ":                  "write what the message says",
	} {
		err := messages.Template{Kind: "alert", Language: "en", Subject: "x", Text: text}.Check()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	good := messages.Template{Kind: "alert", Language: "zh-CN", Subject: "{title}", Text: "{{{title}}} {place}"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	subject, text := good.Render(map[string]string{"title": "Fire\r\nBcc: x", "title_zh": "着火", "place": "1"})
	if subject != "着火" || text != "{着火} 1" {
		t.Errorf("got %q, %q, want it in Chinese with its braces", subject, text)
	}
	good.Language = "en"
	if subject, _ := good.Render(map[string]string{"title": "Fire\r\nBcc: x"}); strings.ContainsAny(subject, "\r\n") {
		t.Errorf("got %q, want one line whatever the parameter holds", subject)
	}
}

func TestALineWithoutContentIsLeftOut(t *testing.T) {
	x := messages.Template{Kind: "alert", Language: "en", Subject: "s", Text: "A\nWhere: {place}\n\nBy {take}"}
	if _, text := x.Render(map[string]string{"take": "me"}); text != "A\n\nBy me" {
		t.Errorf("got %q, want the line without a place left out", text)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{title}", "x")
	f.Add("{{{", "\x00")
	f.Fuzz(func(t *testing.T, text, value string) {
		x := messages.Template{Kind: "alert", Language: "en", Subject: "s", Text: text}
		if x.Check() != nil {
			return
		}
		_, out := x.Render(map[string]string{"title": value})
		most := strings.Count(text+value, "\n") * (1 + strings.Count(text, "{title}"))
		if strings.Count(out, "\n") > most {
			t.Errorf("%q with %q: got %q, want no more lines than there are", text, value, out)
		}
	})
}
