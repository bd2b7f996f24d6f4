package alerts

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// unseen leaves out the silent alerts that whoever acts is not to see, as g.Scope.Unseen says.
func (v View) unseen(w *store.Where) {
	switch me, _, _ := strings.Cut(v.s.Actor, " "); {
	case v.s.OnlySystem() == nil:
	case !v.s.Can(g.AlertsWrite):
		w.And("rule NOT LIKE ?", string(g.DuressRule("%")))
	default:
		w.And("rule <> ?", string(g.DuressRule(g.UserID(me))))
	}
}

// within refuses an alert out of reach, and one that whoever acts is not to see, as if there were none:
// what is done to it would tell of it as well as reading it.
func (v View) within(in store.Reach, a g.Alert) error {
	if v.s.OnlySystem() != nil && v.s.Unseen(a.Rule) {
		return store.NotFound("alert", string(a.ID))
	}
	return in.Owns(a.School, "alert", string(a.ID))
}
