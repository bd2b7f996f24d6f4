package control

import (
	"fmt"
	"io"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/texts"
)

// Print writes in a language what a reload changes, one line for each change, and which of the
// drivers that it started do not run.
func Print(w io.Writer, r api.Reload, l texts.Language) error {
	later := false
	var lines []g.Text
	for _, x := range r.Changes {
		line := g.Textf("%s: %s -> %s", x.Key, brief(x.From), brief(x.To))
		if x.Restart {
			line = g.Textf("%s (needs a restart)", line)
			later = true
		}
		lines = append(lines, line)
	}
	lines = append(lines, verdict(r, later))
	for _, d := range r.Drivers {
		lines = append(lines, g.Textf("Driver %s does not run: %s: %s", d.Name, d.State, d.Reason))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, l.Text(line)); err != nil {
			return err
		}
	}
	return nil
}

func verdict(r api.Reload, later bool) g.Text {
	switch {
	case len(r.Changes) == 0:
		return g.Word("Nothing is otherwise.")
	case !r.Applied:
		return g.Word("This would change; nothing was.")
	case later:
		return g.Word("In force, but for what needs a restart.")
	}
	return g.Word("In force.")
}

// Short is a value in one line; a text of several is not shown here.
func Short(s string) string { return brief(s).String() }

func brief(s string) g.Text {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return g.Word("none")
	case strings.Contains(s, "\n"):
		return g.Textf("a text of %d lines", strings.Count(s, "\n")+1)
	}
	return g.Textf("%s", s)
}
