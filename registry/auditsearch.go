package registry

import (
	"strings"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// narrow selects the entries of a filter. Actor is an id, a name or a part of either; Deed a
// deed or what its words begin with ("person" for person.open and person.create); Object a part
// of what it was done to.
func (f AuditFilter) narrow(w *store.Where) {
	if f.Actor != "" {
		w.And(`LOWER(actor) LIKE ? ESCAPE '\'`, store.Containing(f.Actor))
	}
	if f.Deed != "" {
		w.And(`(deed = ? OR deed LIKE ? ESCAPE '\')`, f.Deed, store.Literal(f.Deed)+".%")
	}
	if f.Object != "" {
		w.And(`LOWER(object) LIKE ? ESCAPE '\'`, store.Containing(f.Object))
	}
	words := strings.Fields(f.Query)
	for _, word := range words[:min(len(words), store.MaxWords)] {
		like := store.Containing(word)
		w.And(`(LOWER(actor) LIKE ? ESCAPE '\' OR LOWER(deed) LIKE ? ESCAPE '\' OR LOWER(object) LIKE ? ESCAPE '\')`, like, like, like)
	}
	if !f.From.IsZero() {
		w.And("time >= ?", store.Micros(f.From))
	}
	if !f.To.IsZero() {
		w.And("time < ?", store.Micros(f.To))
	}
}
