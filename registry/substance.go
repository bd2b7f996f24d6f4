package registry

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// because checks the stated reason for which somebody is looked up: a student's page and what
// shows a student's movements take one that says something.
func (v *View) because(kind g.PersonKind) error {
	if kind != g.Student || v.s.System != "" {
		return store.Optional("reason", v.s.Reason, store.MaxReason)
	}
	if strings.TrimSpace(v.s.Reason) == "" {
		return g.FieldErrorf("reason", "say why you look up this student; it is kept in the audit log")
	}
	return store.Substance("reason", v.s.Reason, store.MaxReason)
}
