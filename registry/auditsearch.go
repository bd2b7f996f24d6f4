package registry

import "strings"

// narrow selects the entries of a filter. Actor is an id, a name or a part of either; Deed a
// deed or what its words begin with ("person" for person.open and person.create); Object a part
// of what it was done to.
func (f AuditFilter) narrow(w *where) {
	if f.Actor != "" {
		w.and(`LOWER(actor) LIKE ? ESCAPE '\'`, within(f.Actor))
	}
	if f.Deed != "" {
		w.and(`(deed = ? OR deed LIKE ? ESCAPE '\')`, f.Deed, literal(f.Deed)+".%")
	}
	if f.Object != "" {
		w.and(`LOWER(object) LIKE ? ESCAPE '\'`, within(f.Object))
	}
	words := strings.Fields(f.Query)
	for _, word := range words[:min(len(words), maxWords)] {
		like := within(word)
		w.and(`(LOWER(actor) LIKE ? ESCAPE '\' OR LOWER(deed) LIKE ? ESCAPE '\' OR LOWER(object) LIKE ? ESCAPE '\')`, like, like, like)
	}
	if !f.From.IsZero() {
		w.and("time >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		w.and("time < ?", micros(f.To))
	}
}

// within is the pattern of texts, in lower case, that have s in them.
func within(s string) string { return "%" + literal(strings.ToLower(s)) + "%" }

// literal is s for LIKE, where % and _ mean themselves.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}
