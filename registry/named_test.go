package registry_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// TestWhatIsNamedIsNotDeleted: a chain for a place that is gone would be for nothing, and a level
// would command nothing, without a word.
func TestWhatIsNamedIsNotDeleted(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		admin := d.as(d.a, g.RoleAdmin)
		zone, err := admin.Deeds.PutZone(t.Context(), g.Zone{
			School:   d.a.ID,
			Building: d.gate[d.a.ID].Building,
			Name:     "Lab",
			Kind:     g.ZoneLaboratory,
		})
		ok(t, err)
		chain := g.Escalation{
			ID:     "night",
			School: d.a.ID,
			Name:   "Nights",
			Zones:  []g.ZoneID{zone.ID},
			Steps:  []g.EscalationStep{{Roles: []g.Role{g.RoleAdmin}}},
			Wait:   5,
		}
		_, err = admin.Oncall.PutChain(t.Context(), chain)
		ok(t, err)
		err = admin.Deeds.DeleteZone(t.Context(), zone.ID)
		wantCode(t, err, g.Conflict)
		if !strings.Contains(err.Error(), `"Nights"`) {
			t.Errorf("got %v, want that it names the chain", err)
		}
		chain.Zones = nil
		_, err = admin.Oncall.PutChain(t.Context(), chain)
		ok(t, err)
		ok(t, admin.Deeds.DeleteZone(t.Context(), zone.ID))
	})
}
