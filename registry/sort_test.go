package registry_test

import (
	"slices"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// TestPeopleAreSorted: names by pinyin and numbers by value, page by page, and a walk does not lose
// a person whose name changes meanwhile.
func TestPeopleAreSorted(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		ok(t, v.People.Delete(ctx, d.child["a"].ID))
		ids := map[string]g.PersonID{}
		for _, p := range []g.Person{
			{Name: "周强", Number: "10", Class: "7-10"},
			{Name: "Adam", Number: "9", Class: "7-2"},
			{Name: "安娜", Number: "100", Class: "7-2"},
			{Name: "李明", Number: "2", Class: "7-1"},
			{Name: "bea", Number: "1", Class: "7-10"},
		} {
			p.School, p.Kind = "a", g.Student
			ids[p.Name] = must[g.Person](t)(v.People.Create(ctx, p)).ID
		}
		read := func(by registry.Sort, between func()) (names []string) {
			t.Helper()
			f := people.Filter{Page: registry.Page{Limit: 2}, School: "a", Sort: by}
			for {
				rows, next, err := v.People.List(ctx, f)
				ok(t, err)
				for _, p := range rows {
					names = append(names, p.Name)
				}
				if next == "" {
					return names
				}
				f.Cursor = next
				between()
			}
		}
		still := func() {}
		for by, want := range map[registry.Sort][]string{
			"number":  {"bea", "李明", "Adam", "周强", "安娜"},
			"-number": {"安娜", "周强", "Adam", "李明", "bea"},
			"":        {"李明", "Adam", "安娜", "bea", "周强"},
			"class":   {"李明", "Adam", "安娜", "bea", "周强"},
			"-class":  {"周强", "bea", "安娜", "Adam", "李明"},
		} {
			if got := read(by, still); !slices.Equal(got, want) {
				t.Errorf("sorted by %q: got %v, want %v", by, got, want)
			}
		}
		names := read("name", still)
		pinyin := slices.DeleteFunc(slices.Clone(names),
			func(s string) bool { return s == "Adam" || s == "bea" })
		if !slices.Equal(pinyin, []string{"安娜", "李明", "周强"}) {
			t.Errorf("got %v, want an, li, zhou", pinyin)
		}
		if slices.Index(names, "Adam") > slices.Index(names, "bea") {
			t.Errorf("got %v, want Adam before bea", names)
		}
		renamed := false
		walked := read("name", func() {
			if !renamed {
				renamed = true
				p := must[g.Person](t)(v.People.ToChange(ctx, ids[names[4]]))
				p.Name = "AAA"
				ok(t, v.People.Update(ctx, p))
			}
		})
		if want := append(slices.Clone(names[:4]), "AAA"); !slices.Equal(walked, want) {
			t.Errorf("got %v where the last was renamed meanwhile, want %v", walked, want)
		}
		_, _, err := v.People.List(ctx, people.Filter{Sort: "phone"})
		wantCode(t, err, g.Invalid)
	})
}

// TestDevicesAreSorted: by name, by zone name and by state, worst first; a walk does not lose a
// device that fails meanwhile.
func TestDevicesAreSorted(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		hall := must[g.Zone](t)(v.Deeds.PutZone(ctx, g.Zone{
			School: "a", Building: d.gate["a"].Building, Name: "Atrium", Kind: g.ZoneOther,
		}))
		for id, name := range map[g.DeviceID]string{
			"one": "Sensor 10", "two": "Sensor 9", "three": "探测器",
		} {
			_, _, err := v.Fleet.CreateDevice(ctx, g.Device{
				ID:      id,
				School:  "a",
				Zone:    hall.ID,
				Profile: "sensor",
				Driver:  g.DriverMQTTFront,
				Name:    name,
				Serial:  "SN-" + string(id),
				Enabled: id != "three",
			}, nil)
			ok(t, err)
		}
		says := func(seq uint64, id g.DeviceID, s g.DeviceState) {
			ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{{
				Seq:      seq,
				Kind:     g.EventStatus,
				School:   "a",
				Device:   id,
				Time:     c.now(),
				Received: c.now(),
				Status:   &g.Status{State: s},
			}}))
		}
		says(1, "one", g.StateOnline)
		says(2, "two", g.StateOffline)
		says(3, "dev-a", g.StateFault)
		read := func(by registry.Sort, between func()) (ids []g.DeviceID) {
			t.Helper()
			f := fleet.DeviceFilter{Page: registry.Page{Limit: 1}, Sort: by}
			for {
				rows, next, err := v.Fleet.Devices(ctx, f)
				ok(t, err)
				for _, r := range rows {
					ids = append(ids, r.ID)
				}
				if next == "" {
					return ids
				}
				f.Cursor = next
				between()
			}
		}
		still := func() {}
		state := []g.DeviceID{"dev-a", "two", "one", "three"}
		for by, want := range map[registry.Sort][]g.DeviceID{
			"zone":   {"two", "one", "three", "dev-a"},
			"state":  state,
			"-state": {"three", "one", "two", "dev-a"},
		} {
			got := read(by, still)
			if by == "zone" && slices.Index(got, "three") == 0 { // Han before Latin is also right
				want = []g.DeviceID{"three", "two", "one", "dev-a"}
			}
			if !slices.Equal(got, want) {
				t.Errorf("sorted by %q: got %v, want %v", by, got, want)
			}
		}
		latin := slices.DeleteFunc(read("name", still),
			func(id g.DeviceID) bool { return id == "three" })
		if want := []g.DeviceID{"two", "one", "dev-a"}; !slices.Equal(latin, want) {
			t.Errorf("sorted by name: got %v, want 9 before 10 before a: %v", latin, want)
		}
		turn := uint64(3)
		walked := read("state", func() {
			turn++
			says(turn, "one", g.StateFault) // moves to a part that the walk has passed
		})
		if !slices.Equal(walked, state) {
			t.Errorf("got %v where one fails meanwhile, want each once: %v", walked, state)
		}
		_, _, err := v.Fleet.Devices(ctx, fleet.DeviceFilter{Sort: "serial"})
		wantCode(t, err, g.Invalid)
	})
}
