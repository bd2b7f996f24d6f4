package registry_test

import (
	"encoding/json"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/places"
)

// TestPicturesTaken: an unset setting allows pictures, an unreadable one does not.
func TestPicturesTaken(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		for _, x := range []struct {
			written string
			want    bool
			err     bool
		}{
			{"", true, false},
			{"false", false, false},
			{"true", true, false},
			{`"yes"`, false, true},
			{"1", false, true},
		} {
			if x.written != "" {
				ok(t,
					v.Deeds.PutSetting(t.Context(), "a", places.PicturesSetting,
						json.RawMessage(x.written)))
			}
			got, err := v.Places.PicturesTaken(t.Context(), "a")
			if got != x.want || (err != nil) != x.err {
				t.Errorf("%q: got %v, %v; want %v, an error: %v", x.written, got, err, x.want,
					x.err)
			}
		}
	})
}
