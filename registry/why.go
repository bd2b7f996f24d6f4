package registry

import g "github.com/gatehouse-iot/gatehouse"

// because refuses a scope without a reason of substance. The gateway's own cursors need none.
func (v *View) because() error {
	if v.s.System != "" {
		return nil
	}
	if err := g.CheckReason("reason", v.s.Reason); err != nil {
		return err
	}
	return optional("reason", v.s.Reason, 500)
}
