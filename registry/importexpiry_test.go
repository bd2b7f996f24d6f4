package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// A card is valid until the end of its last day in the school's time zone.
func TestCardExpiresIsADayOfTheSchool(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx := t.Context()
		s := must[g.School](t)(d.sys.Places.School(ctx, "a"))
		s.Timezone = "Asia/Shanghai"
		ok(t, d.sys.Places.UpdateSchool(ctx, s))
		must[people.ImportReport](t)(d.sys.People.Import(ctx, "a",
			strings.NewReader("kind,number,name,card,card_expires\nstaff,x1,Zhou,12345678,2031-03-01\n"),
			false))
		found, _, err := d.sys.People.List(ctx, people.Filter{School: "a", Query: "x1"})
		ok(t, err)
		page := must[people.PersonPage](t)(d.sys.People.Open(ctx, found[0].ID))
		if got, want := page.Passes[0].Expires.UTC(), time.Date(2031, 3, 1, 16, 0, 0, 0, time.UTC); !got.Equal(
			want) {
			t.Errorf("got %s, want %s: the end of the day in Shanghai", got, want)
		}
	})
}
