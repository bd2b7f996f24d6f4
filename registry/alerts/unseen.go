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
