package lockdown

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// The kinds of message about a level.
const (
	KindRaised  = "lockdown"
	KindCleared = "allclear"
)

// Told is what a message about a lockdown says, for its kind's template: of its end, if it has
// ended. base is how people reach the console, "" if that is unknown.
func Told(l g.Lockdown, school g.School, zone g.Zone, base string) map[string]string {
	at, by, note := l.Raised, l.RaisedByName, l.Note
	cleared := !l.Cleared.IsZero()
	if cleared {
		at, by, note = l.Cleared, l.ClearedByName, l.ClearNote
	}
	out := map[string]string{
		"title":    l.Title,
		"title_zh": l.TitleZH,
		"text":     l.Text,
		"text_zh":  l.TextZH,
		"place":    zone.Name,
		"time":     at.In(school.Location()).Format("2006-01-02 15:04"),
		"by":       by,
		"note":     note,
		"school":   school.Name,
	}
	if out["title_zh"] == "" {
		out["title_zh"] = l.Title
	}
	if out["text_zh"] == "" {
		out["text_zh"] = l.Text
	}
	if base != "" && !cleared {
		out["link"] = base + "/lockdown"
	}
	if l.Drill {
		// also in the title: a template of the school's own may leave the mark out
		out["mark"], out["mark_zh"] = "THIS IS A DRILL.", "【演练】这是一次演练。"
		out["title"] = "Drill: " + out["title"]
		out["title_zh"] = "演练：" + out["title_zh"]
	}
	return out
}

// Concerns reports whether a message is sent for a level that was raised at a place; empty: nobody
// said where.
func Concerns(m g.LevelMessage, zone g.Zone) bool {
	if zone.ID == "" || len(m.Zones)+len(m.Buildings) == 0 {
		return true
	}
	return slices.Contains(m.Zones, zone.ID) || slices.Contains(m.Buildings, zone.Building)
}
