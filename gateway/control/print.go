package control

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-iot/gatehouse/api"
)

// Print writes what a reload changes, one line for each change.
func Print(w io.Writer, r api.Reload) error {
	later := false
	for _, x := range r.Changes {
		line := fmt.Sprintf("%s: %s -> %s", x.Key, Short(x.From), Short(x.To))
		if x.Restart {
			line += " (needs a restart)"
			later = true
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	last := "This would change; nothing was."
	switch {
	case len(r.Changes) == 0:
		last = "Nothing is otherwise."
	case r.Applied && later:
		last = "In force, but for what needs a restart."
	case r.Applied:
		last = "In force."
	}
	_, err := fmt.Fprintln(w, last)
	return err
}

// Short is a value in one line; a text of several is not shown here.
func Short(s string) string {
	switch {
	case s == "":
		return "none"
	case strings.Contains(strings.TrimSpace(s), "\n"):
		return fmt.Sprintf("a text of %d lines", strings.Count(strings.TrimSpace(s), "\n")+1)
	}
	return strings.TrimSpace(s)
}
