package registry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// clock is a clock set by tests.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 9, 1, 7, 0, 0, 0, time.UTC)} }

func masterKey() []byte {
	k := sha256.Sum256([]byte("a key for tests"))
	return k[:]
}

// onEngines runs a test on SQLite, and on PostgreSQL if GATEHOUSE_TEST_POSTGRES names one.
func onEngines(t *testing.T, f func(t *testing.T, o registry.Options, c *clock)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		c := newClock()
		f(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	})
	dsn := os.Getenv("GATEHOUSE_TEST_POSTGRES")
	if dsn == "" {
		return // reported once, by TestPostgres
	}
	t.Run("postgres", func(t *testing.T) {
		c := newClock()
		f(t,
			registry.Options{Postgres: postgresSchema(t, dsn), MasterKey: masterKey(), Now: c.now},
			c)
	})
}

func TestPostgres(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_POSTGRES") == "" {
		t.Skip("GATEHOUSE_TEST_POSTGRES names no PostgreSQL: the tests ran on SQLite only")
	}
}

// postgresSchema creates an empty schema for the test and returns a DSN that uses it.
func postgresSchema(t *testing.T, dsn string) string {
	t.Helper()
	name := strings.ToLower(g.NewID("test"))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + name + " CASCADE"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	sep := " "
	if strings.Contains(dsn, "://") {
		sep = "?"
		if strings.Contains(dsn, "?") {
			sep = "&"
		}
	}
	return dsn + sep + "search_path=" + name
}

func open(t *testing.T, o registry.Options) *registry.Registry {
	t.Helper()
	r, err := registry.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// must fails the test if a call fails.
func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want g.Code) {
	t.Helper()
	if got := g.ErrorCode(err); got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

// district is a district with two schools, each with a gate, a profile, a device and people.
type district struct {
	r      *registry.Registry
	clock  *clock
	sys    *registry.View
	dist   g.School
	a, b   g.School
	gate   map[g.SchoolID]g.Zone
	device map[g.SchoolID]g.Device
	child  map[g.SchoolID]g.Person
	visit  g.VisitID  // of b
	muster g.MusterID // of b
	page   string     // code of b's visitors' page
	barred g.BarredID

	family  string           // code of b's guardians' page
	request g.LeaveRequestID // of b

	collector g.CollectorID // of b
}

const card = "04A1B2C3D4E5F6"

func newDistrict(t *testing.T, o registry.Options, c *clock) *district {
	t.Helper()
	ctx := t.Context()
	d := &district{
		r:      open(t, o),
		clock:  c,
		gate:   map[g.SchoolID]g.Zone{},
		device: map[g.SchoolID]g.Device{},
		child:  map[g.SchoolID]g.Person{},
	}
	d.sys = d.r.In(g.SystemScope("test"))
	school := func(id, parent string, kind g.SchoolKind) g.School {
		return must[g.School](t)(d.sys.Places.CreateSchool(ctx,
			g.School{
				ID:       g.SchoolID(id),
				Parent:   g.SchoolID(parent),
				Kind:     kind,
				Name:     "School " + id,
				Timezone: "Asia/Shanghai",
				Language: "en",
			}))
	}
	d.dist = school("dist", "", g.KindDistrict)
	d.a, d.b = school("a", "dist", g.KindSchool), school("b", "dist", g.KindSchool)
	least, most := -40.0, 120.0
	ok(t, d.sys.Fleet.PutProfile(ctx, g.Profile{
		ID:    "sensor",
		Title: "Sensor", Type: g.TypeSensor, OfflineAfter: 60,
		Properties: map[string]g.Property{
			"temperature": {Type: "number", Minimum: &least, Maximum: &most},
			"setpoint":    {Type: "number", Writable: true, Minimum: &least, Maximum: &most},
		},
	}))
	ok(t,
		d.sys.Fleet.PutProfile(ctx,
			g.Profile{
				ID:        "camera",
				Title:     "Camera",
				Type:      g.TypeCamera,
				Sightings: []g.Method{g.ByFace},
			}))
	for _, s := range []g.School{d.a, d.b} {
		site := must[g.Site](t)(d.sys.Places.PutSite(ctx, g.Site{School: s.ID, Name: "Campus"}))
		building := must[g.Building](t)(d.sys.Places.PutBuilding(ctx,
			g.Building{School: s.ID, Site: site.ID, Name: "Main"}))
		d.gate[s.ID] = must[g.Zone](t)(d.sys.Deeds.PutZone(ctx,
			g.Zone{School: s.ID, Building: building.ID, Name: "Gate", Kind: g.ZoneGate}))
		dev, _, err := d.sys.Fleet.CreateDevice(ctx,
			g.Device{
				ID:      g.DeviceID("dev-" + string(s.ID)),
				School:  s.ID,
				Zone:    d.gate[s.ID].ID,
				Profile: "sensor",
				Driver:  g.DriverMQTTFront,
				Name:    "Sensor " + string(s.ID),
				Serial:  "SN-" + string(s.ID),
				Enabled: true,
			},
			nil)
		ok(t, err)
		d.device[s.ID] = dev
		d.child[s.ID] = must[g.Person](t)(d.sys.People.Create(ctx,
			g.Person{
				School: s.ID,
				Kind:   g.Student,
				Name:   "Zhou Xiaohua " + string(s.ID),
				Number: "20260001",
				Class:  "7-2",
			}))
	}
	return d
}

// as is a view of a school with a role.
func (d *district) as(school g.School, role g.Role) *registry.View {
	return d.r.In(g.Scope{
		School:      school.ID,
		Subtree:     role == g.RoleDistrict,
		Actor:       "usr_test tester",
		Permissions: role.Permissions(),
		Reason:      "a test asks",
	})
}

func TestOpenRefusesAWrongMasterKey(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		r := open(t, o)
		ok(t, r.Close())
		other := o
		other.MasterKey = bytes.Repeat([]byte{7}, 32)
		_, err := registry.Open(t.Context(), other)
		wantCode(t, err, g.Unavailable)
		other.MasterKey = []byte("short")
		_, err = registry.Open(t.Context(), other)
		wantCode(t, err, g.Invalid)
	})
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	dir := t.TempDir()
	o := registry.Options{Dir: dir, MasterKey: masterKey()}
	ok(t, open(t, o).Close())
	raw(t, filepath.Join(dir, "history.db"), "INSERT INTO history_schema (version) VALUES (999)")
	_, err := registry.Open(t.Context(), o)
	wantCode(t, err, g.Unavailable)
	if !strings.Contains(err.Error(), "999") {
		t.Errorf("got %v, want the version in it", err)
	}
}

// raw executes SQL on a database file, bypassing the registry.
func raw(t *testing.T, path, q string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(q, args...); err != nil {
		t.Fatal(err)
	}
}

// rawText returns the value that q selects.
func rawText(t *testing.T, path, q string) (s string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ok(t, db.QueryRow(q).Scan(&s))
	return s
}

func TestBackupIsARegistry(t *testing.T) {
	c := newClock()
	dir := filepath.Join(t.TempDir(), "with a space & a #")
	d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	to := filepath.Join(t.TempDir(), "copy")
	ok(t, d.r.Backup(t.Context(), to))
	wantCode(t, d.r.Backup(t.Context(), to), g.Conflict)
	copied := open(t, registry.Options{Dir: to, MasterKey: masterKey(), Now: c.now})
	got := must[map[g.PersonID]string](t)(copied.In(g.SystemScope("test")).People.Names(t.Context(),
		[]g.PersonID{d.child["a"].ID}))
	if diff := cmp.Diff(map[g.PersonID]string{d.child["a"].ID: "Zhou Xiaohua a"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, f := range []string{"registry.db", "history.db"} {
		info, err := os.Stat(filepath.Join(to, f))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", f, info.Mode())
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		var got []registry.Change
		cancel := d.r.Subscribe(func(x registry.Change) { got = append(got, x) })
		dev := d.device["a"]
		dev.Name = "Renamed"
		ok(t, d.sys.Fleet.UpdateDevice(t.Context(), dev, nil))
		dev.Serial = d.device["b"].Serial
		wantCode(t, d.sys.Fleet.UpdateDevice(t.Context(), dev, nil), g.Conflict)
		cancel()
		ok(t, d.sys.Fleet.DeleteDevice(t.Context(), dev.ID))
		want := []registry.Change{
			{Kind: change.Device, School: "a", ID: string(dev.ID), Fields: []string{"name"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestChangesSayWhichFields: subscribers get the changed fields, and nothing if none has changed.
func TestChangesSayWhichFields(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		var got []registry.Change
		defer d.r.Subscribe(func(x registry.Change) { got = append(got, x) })()
		dev, zone := d.device["a"], d.gate["a"]
		ok(t, d.sys.Fleet.UpdateDevice(ctx, dev, nil)) // unchanged
		dev.Name, dev.Address = "Renamed", map[string]string{"host": "192.0.2.9"}
		ok(t, d.sys.Fleet.UpdateDevice(ctx, dev, nil))
		zone.Name = "West gate"
		must[g.Zone](t)(d.sys.Deeds.PutZone(ctx, zone))
		must[g.Zone](t)(d.sys.Deeds.PutZone(ctx, zone))
		lamp, _, err := d.sys.Fleet.CreateDevice(ctx,
			g.Device{School: "a", Profile: "sensor", Driver: g.DriverMQTTFront, Name: "lamp"}, nil)
		ok(t, err)
		must[string](t)(d.sys.Fleet.ResetDevicePassword(ctx, lamp.ID))
		ok(t, d.sys.Fleet.RevokeCertificate(ctx, lamp.ID, ""))
		ok(t, d.sys.Fleet.DeleteDevice(ctx, lamp.ID))
		id := string(lamp.ID)
		want := []registry.Change{
			{
				Kind:   change.Device,
				School: "a",
				ID:     string(dev.ID),
				Fields: []string{"address.host", "name"},
			},
			{Kind: change.Zone, School: "a", ID: string(zone.ID), Fields: []string{"name"}},
			{Kind: change.Device, School: "a", ID: id},
			{Kind: change.Device, School: "a", ID: id, Fields: []string{"password"}},
			{Kind: change.Device, School: "a", ID: id, Fields: []string{"certificates"}},
			{Kind: change.Device, School: "a", ID: id},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if want[0].Touches("driver", "enabled") || !want[0].Touches("driver", "address") ||
			!want[2].Touches("driver") {
			t.Error("a change touches the fields that it names, by their first part, and all " +
				"where it names none")
		}
	})
}

// TestNothingPersonalIsInTheFiles stores one of every kind of secret, and searches for it in the
// raw files, write-ahead logs included.
func TestNothingPersonalIsInTheFiles(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	dir := t.TempDir()
	d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	child := d.child["a"]
	var secrets []string
	guardian := must[g.Person](t)(d.sys.People.Create(ctx,
		g.Person{
			School: "a",
			Kind:   g.Guardian,
			Name:   "王桂芳-guardian",
			Number: "G-778899",
			Phone:  "13912345678",
		}))
	child.Guardian = []g.PersonID{guardian.ID}
	ok(t, d.sys.People.Update(ctx, child))
	must[g.Pass](t)(d.sys.People.AddCard(ctx, child.ID, g.ByCard, card, time.Time{}))
	must[g.Pass](t)(d.sys.People.AddCard(ctx, child.ID, g.ByPIN, "86420975", time.Time{}))
	ok(t,
		d.sys.People.SetConsent(ctx,
			g.Consent{Person: child.ID, Given: true, By: "Mother Wang", Note: "paper form 4711"}))
	embedding := make([]float32, 128)
	embedding[3], embedding[77] = 0.6, 0.8
	must[g.Pass](t)(d.sys.People.AddFace(ctx, child.ID, embedding, "model", 0.9))
	must[g.Leave](t)(d.sys.Sessions.PutLeave(ctx,
		g.Leave{Person: child.ID, From: c.now(), To: c.now().Add(time.Hour), Reason: "chickenpox"}))
	_, password, err := d.sys.Fleet.CreateDevice(ctx,
		g.Device{ID: "mq", School: "a", Profile: "sensor", Driver: g.DriverMQTTFront, Name: "mq"},
		nil)
	ok(t, err)
	_, _, err = d.sys.Fleet.CreateDevice(ctx,
		g.Device{ID: "cam", School: "a", Profile: "sensor", Driver: "camera", Name: "cam"},
		map[string]string{"password": "rtsp-Secret-1"})
	ok(t, err)
	_, _, err = d.sys.Fleet.CreateDevice(ctx,
		g.Device{ID: "own", School: "a", Profile: "sensor", Driver: g.DriverMQTTFront, Name: "own"},
		map[string]string{"password": "mqtt-Secret-3"})
	ok(t, err)
	must[g.User](t)(d.sys.Access.CreateUser(ctx,
		g.User{
			School:   "a",
			Name:     "guard",
			FullName: "Guard Lin Feng",
			Role:     g.RoleSecurity,
			Language: "en",
		},
		"correct horse battery"))
	token, _, err := d.r.Access.SignIn(ctx, "guard", "correct horse battery", "127.0.0.1")
	ok(t, err)
	_, keySecret, err := d.sys.Access.CreateKey(ctx,
		g.APIKey{
			School:      "a",
			Name:        "k",
			Purpose:     "a test asks",
			Permissions: []g.Permission{g.DevicesRead},
			Expires:     c.now().Add(time.Hour),
		})
	ok(t, err)
	_, hookSecret, err := d.sys.Hooks.Create(ctx,
		g.Webhook{School: "a", URL: "https://example.org/hook"})
	ok(t, err)
	ok(t, d.sys.Deeds.PutSetting(ctx, "a", "mail", []byte(`{"password":"smtp-Secret-2"}`)))
	_, err = d.r.In(g.Scope{
		School:      "a",
		Permissions: g.RoleAdmin.Permissions(),
		Actor:       "x",
		Reason:      "Zhou Xiaohua is late",
	}).People.Open(ctx, child.ID)
	ok(t, err)
	secrets = append(secrets, "Zhou Xiaohua", "20260001", "王桂芳", "G-778899", "13912345678", card,
		"86420975", "Mother Wang", "form 4711", "chickenpox",
		password, "rtsp-Secret-1", "mqtt-Secret-3", "Lin Feng", "correct horse battery", token,
		keySecret, hookSecret, "smtp-Secret-2",
		"\x9a\x99\x19\x3f", string(masterKey()))
	for _, f := range []string{"registry.db", "registry.db-wal", "history.db", "history.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds %q in clear", f, s)
			}
		}
	}
}

func TestDeletingAPersonDestroysTheKey(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	dir := t.TempDir()
	d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	child := d.child["a"]
	must[g.Pass](t)(d.sys.People.AddCard(ctx, child.ID, g.ByCard, card, time.Time{}))
	var wrapped []byte
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "registry.db"))
	ok(t, err)
	ok(t,
		db.QueryRow("SELECT key_sealed FROM persons WHERE id = ?", string(child.ID)).Scan(&wrapped))
	ok(t, db.Close())
	ok(t, d.sys.People.Delete(ctx, child.ID))
	_, err = d.sys.People.Open(ctx, child.ID)
	wantCode(t, err, g.NotFound)
	if id, found, err := d.sys.People.ByCredential(ctx, "a", g.ByCard, card); err != nil || found {
		t.Errorf("got %q %v, want nobody", id, err)
	}
	for _, f := range []string{"registry.db", "registry.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(b, wrapped) {
			t.Errorf("%s still holds the deleted person's key", f)
		}
	}
	rows, _, err := d.sys.People.List(ctx, people.Filter{School: "a"})
	ok(t, err)
	if len(rows) != 0 {
		t.Errorf("got %v, want nobody", rows)
	}
}

func TestContextEndsAQuery(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.sys.Places.Schools(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
