package messages

import (
	"html/template"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// The page asks before it ends anything, says what still comes, and runs nothing.
func TestOutPage(t *testing.T) {
	page := template.Must(template.New("out").Parse(outPage))
	for _, x := range []struct {
		what       string
		shown      shown
		want, deny string
	}{
		{"asked", shown{Leaving: messages.Leaving{School: "<b>R", Opted: true}}, `<form method="post">`, "<b>R"},
		{"ended", shown{Leaving: messages.Leaving{School: "R"}}, "alarms still come", "<form"},
		{"in Chinese", shown{Leaving: messages.Leaving{Opted: true}, Chinese: true}, "紧急告警仍会发送", "Alarms"},
		{"no such link", shown{Missing: true}, "leads nowhere", "<form"},
	} {
		var b strings.Builder
		if err := page.Execute(&b, x.shown); err != nil {
			t.Fatalf("%s: %v", x.what, err)
		}
		got := b.String()
		if !strings.Contains(got, x.want) || strings.Contains(got, x.deny) || strings.Contains(got, "<script") {
			t.Errorf("%s: got %s, want %q and no %q", x.what, got, x.want, x.deny)
		}
	}
}
