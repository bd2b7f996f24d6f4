package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const timezone = "Asia/Shanghai"

const schoolID g.SchoolID = "demo-school"

// school is what the equipment needs to know of what was registered.
type school struct {
	passwords map[string]string // of the users, at the first start only
	devices   []thing
	secrets   map[string]string // device -> password at the gateway's MQTT listener
}

// seeder puts the school into the registry; every step skips what is there already.
type seeder struct {
	Options
	view  *registry.View
	a     *app.App
	zones map[string]g.ZoneID
	out   *school
}

func (o Options) seed(ctx context.Context, a *app.App) (*school, error) {
	s := &seeder{
		Options: o,
		view:    a.Registry().In(g.SystemScope("demo")),
		a:       a,
		zones:   map[string]g.ZoneID{},
		out: &school{
			devices:   o.fleet(),
			passwords: map[string]string{},
			secrets:   map[string]string{},
		},
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"the school and its places", s.places},
		{fmt.Sprintf("%d devices", len(s.out.devices)), s.devices},
		{fmt.Sprintf("%d people", len(students)+len(staff)+len(guardians)), s.people},
		{"faces, from photographs", s.faces},
		{"floor plans", s.plans},
		{"today's sessions", s.sessions},
		{"users", s.users},
		{"what devices do at each threat level", s.levels},
		{"who is on duty", s.duty},
	} {
		o.say("registering %s", step.what)
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return s.out, nil
}

func (s *seeder) places(ctx context.Context) error {
	if _, err := s.view.Places.School(ctx, schoolID); g.ErrorCode(err) == g.NotFound {
		_, err := s.view.Places.CreateSchool(ctx, g.School{
			ID:       schoolID,
			Kind:     g.KindSchool,
			Name:     s.name("Riverside Demo School", "滨河示范学校"),
			Timezone: timezone,
			Language: s.Language,
		})
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	site := g.Site{
		ID:     "demo-site",
		School: schoolID,
		Name:   s.name("Main campus", "主校区"),
	}
	if _, err := s.view.Places.PutSite(ctx, site); err != nil {
		return err
	}
	for _, b := range buildings {
		if _, err := s.view.Places.PutBuilding(ctx, g.Building{
			ID:     g.BuildingID("demo-" + b.key),
			School: schoolID,
			Site:   site.ID,
			Name:   s.name(b.name, b.zh),
		}); err != nil {
			return err
		}
		if err := s.floor(ctx, b.key); err != nil {
			return err
		}
	}
	for _, z := range zones {
		id := g.ZoneID("demo-" + z.key)
		if _, err := s.view.Deeds.PutZone(ctx, g.Zone{
			ID:       id,
			School:   schoolID,
			Building: g.BuildingID("demo-" + z.building),
			Floor:    floorOf(z.building),
			Name:     s.name(z.name, z.zh),
			Kind:     z.kind,
		}); err != nil {
			return err
		}
		s.zones[z.key] = id
	}
	_, err := s.view.Deeds.PutZone(ctx, g.Zone{
		ID:       "demo-dorm-room",
		School:   schoolID,
		Building: "demo-dorm",
		Floor:    floorOf("dorm"),
		Name:     s.name("Dormitory room 101", "宿舍 101"),
		Kind:     g.ZoneOther,
		Private:  true,
	})
	return err
}

func (s *seeder) devices(ctx context.Context) error {
	for _, t := range s.out.devices {
		d := g.Device{
			ID:      g.DeviceID(t.id),
			School:  schoolID,
			Zone:    s.zones[t.zone],
			Profile: g.ProfileID(t.profile),
			Driver:  t.driver,
			Name:    s.name(t.name, t.zh),
			Serial:  t.serial,
			Address: t.address,
			Enabled: true,
		}
		row, err := s.view.Fleet.Device(ctx, d.ID)
		switch {
		case err == nil:
			if err = s.again(ctx, row.Device, d, t.secret); err != nil {
				return fmt.Errorf("%s: %w", t.id, err)
			}
		case g.ErrorCode(err) == g.NotFound:
			_, password, err := s.view.Fleet.CreateDevice(ctx, d, t.secret)
			if err != nil {
				return fmt.Errorf("%s: %w", t.id, err)
			}
			s.out.secrets[t.id] = password
		default:
			return err
		}
	}
	return nil
}

// again gives a device of an earlier start the addresses of this one or, if it speaks MQTT to the
// gateway, a new password, since the gateway keeps only the hash of the old one.
func (s *seeder) again(ctx context.Context, old, d g.Device, secret map[string]string) (err error) {
	if d.Driver == g.DriverMQTTFront {
		s.out.secrets[string(d.ID)], err = s.view.Fleet.ResetDevicePassword(ctx, d.ID)
		return err
	}
	old.Address = d.Address
	return s.view.Fleet.UpdateDevice(ctx, old, secret)
}

func (s *seeder) people(ctx context.Context) error {
	for i, name := range guardians {
		if err := s.person(ctx, g.Person{
			ID:     g.PersonID(fmt.Sprintf("demo-guardian-%02d", i+1)),
			School: schoolID,
			Kind:   g.Guardian,
			Name:   name,
		}, ""); err != nil {
			return err
		}
	}
	for i, st := range students {
		p := g.Person{
			ID:      student(i),
			School:  schoolID,
			Kind:    g.Student,
			Name:    st.name,
			Number:  number(i),
			Class:   st.class,
			Boarder: st.boarder,
		}
		if i < len(guardians) {
			p.Guardian = []g.PersonID{g.PersonID(fmt.Sprintf("demo-guardian-%02d", i+1))}
		}
		if err := s.person(ctx, p, card(i)); err != nil {
			return err
		}
	}
	for i, name := range staff {
		if err := s.person(ctx, g.Person{
			ID:     g.PersonID(fmt.Sprintf("demo-staff-%02d", i+1)),
			School: schoolID,
			Kind:   g.Staff,
			Name:   name,
			Number: fmt.Sprintf("T%03d", i+1),
		}, card(100+i)); err != nil {
			return err
		}
	}
	return nil
}

func student(i int) g.PersonID { return g.PersonID(fmt.Sprintf("demo-student-%02d", i+1)) }

func (s *seeder) person(ctx context.Context, p g.Person, card string) error {
	if _, err := s.a.Registry().In(reading(p.ID)).People.Open(ctx, p.ID); g.ErrorCode(err) != g.NotFound {
		return err
	}
	if _, err := s.view.People.Create(ctx, p); err != nil {
		return fmt.Errorf("%s: %w", p.ID, err)
	}
	if card == "" {
		return nil
	}
	_, err := s.view.People.AddCard(
		ctx,
		p.ID,
		g.ByCard,
		card,
		time.Time{},
	)
	return err
}

func reading(g.PersonID) g.Scope {
	sc := g.SystemScope("demo")
	sc.Reason = "setting the demonstration school up"
	return sc
}

// faces enrols the first man as a student, from stills of his, with his guardian's consent.
func (s *seeder) faces(ctx context.Context) error {
	page, err := s.a.Registry().In(reading("")).People.Open(ctx, student(faceStudent))
	if err != nil {
		return err
	}
	if len(page.Consents) > 0 { // decided at an earlier start, perhaps by the operator since
		return nil
	}
	err = s.view.People.SetConsent(ctx, g.Consent{
		Person: student(faceStudent),
		Given:  true,
		By:     guardians[0],
		Note:   "demonstration: an adult playing a part",
		At:     time.Now(),
		Actor:  "demo",
	})
	if err != nil {
		return err
	}
	for _, still := range []string{"franck_01829.jpg", "franck_02221.jpg", "franck_03979.jpg"} {
		photo, err := os.ReadFile(filepath.Join(s.Assets, "media", still))
		if err != nil {
			return err
		}
		face, err := s.a.Faces().Enrol(ctx, photo)
		if err != nil {
			return fmt.Errorf("%s: %w", still, err)
		}
		if _, err := s.view.People.AddFace(ctx, student(faceStudent), face.Embedding, face.Model,
			face.Quality); err != nil {
			return err
		}
	}
	return nil
}

// sessions are relative to the start, so that the demo makes sense on a Sunday evening.
func (s *seeder) sessions(ctx context.Context) error {
	now := time.Now().Truncate(time.Second)
	stamp := now.UTC().Format("20060102-150405")
	for _, x := range []g.Session{
		{
			ID:     g.SessionID("demo-arrival-" + stamp),
			Kind:   g.SessionArrival,
			Name:   "Arrival (demo)",
			NameZH: "到校（演示）",
			Due:    now.Add(30 * time.Minute),
			Who:    []g.PersonKind{g.Student},
		},
		{
			ID:     g.SessionID("demo-meal-" + stamp),
			Kind:   g.SessionMeal,
			Name:   "Meal (demo)",
			NameZH: "用餐（演示）",
			Due:    now.Add(time.Hour),
			Who:    []g.PersonKind{g.Student, g.Staff},
		},
		{
			ID:       g.SessionID("demo-dorm-" + stamp),
			Kind:     g.SessionDorm,
			Name:     "Dormitory (demo)",
			NameZH:   "归寝（演示）",
			Due:      now.Add(time.Hour),
			Who:      []g.PersonKind{g.Student},
			Boarders: true,
		},
	} {
		x.ZoneKinds = []g.ZoneKind{x.Kind.UsualZone()}
		x.School, x.Start, x.End, x.Demo = schoolID, now.Add(-time.Minute), now.Add(4*time.Hour), true
		if _, err := s.view.Sessions.Put(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) users(ctx context.Context) error {
	there, err := s.view.Access.Users(ctx, schoolID)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return nil
	}
	for _, u := range users {
		s.out.passwords[u.name] = rand.Text()[:16]
		if _, err := s.view.Access.CreateUser(ctx, g.User{
			School:   schoolID,
			Name:     u.name,
			FullName: u.full,
			Role:     u.role,
			Language: s.Language,
		}, s.out.passwords[u.name]); err != nil {
			return err
		}
	}
	return nil
}
