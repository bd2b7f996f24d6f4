package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/access"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	store "github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/gateway/notify"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/voice"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/webhook"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/wecom"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	reghooks "github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	regrules "github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

const password = "correct-horse-battery"

// world is a gateway's API on a real registry and a real socket, with two schools: A, which
// the tests are about, and B, whose people must never see anything of A.
type world struct {
	t      *testing.T
	reg    *registry.Registry
	srv    *api.Server
	hooks  hooks
	url    string
	live   *journal
	fleet  *gear
	media  *media
	intake *intake
	a, b   g.School
	ids    map[string]string // what was made in A, by noun

	reloads []bool // asked for; true: a preview
}

// hooks is the delivery queue, as a gateway puts it together.
type hooks struct {
	*notify.Queue
	*webhook.Channel
}

// option changes the dependencies before the world is built.
type option func(*api.Deps)

func newWorld(t *testing.T, options ...option) *world {
	t.Helper()
	ctx := t.Context()
	reg, err := registry.Open(ctx,
		registry.Options{Dir: t.TempDir(), MasterKey: bytes.Repeat([]byte{7}, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	w := &world{
		t:     t,
		reg:   reg,
		live:  newJournal(),
		fleet: &gear{},
		media: &media{drawings: must(store.Open(t.TempDir(), bytes.Repeat([]byte{7}, 32)))(t)},
		ids:   map[string]string{},
	}
	w.intake = &intake{live: w.live}
	d := api.Deps{
		Registry: reg,
		Live:     w.live,
		Intake:   w.intake, Fleet: w.fleet, Faces: faces{}, Media: w.media, Now: time.Now,
		Telemetry: func(prefix string, schools []g.SchoolID) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				json.NewEncoder(w).Encode(map[string]any{
					"status":  "success",
					"path":    strings.TrimPrefix(r.URL.Path, prefix),
					"schools": schools,
				})
			})
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "up 1\n")
		}),
		Status: func(context.Context) api.Status {
			return api.Status{
				Version: "test",
				Checks:  []api.Check{{Name: "journal", State: "ok", Message: "fine"}},
			}
		},
		Rules: ruleBook{w},
		Reload: func(ctx context.Context, dry bool, note api.NoteReload) (api.Reload, error) {
			return w.reload(ctx, dry, note)
		},
		Config: api.Config{Version: "test", RateLimit: 10_000},
	}
	for _, o := range options {
		o(&d)
	}
	if d.Webhooks == nil {
		d.Webhooks = newHooks(d, true)
	}
	w.hooks = d.Webhooks.(hooks)
	d.Messages = post.New(post.Options{
		Registry: reg,
		Kinds:    []post.Kind{smtp.Kind(), voice.Kind(), wecom.Kind()},
		Private:  true,
		Now:      time.Now,
		Logger:   slog.New(slog.DiscardHandler),
	})
	w.srv, err = api.New(d)
	if err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewUnstartedServer(w.srv.Handler())
	hs.Start()
	run, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.hooks.Run(run) })
	t.Cleanup(func() {
		hs.CloseClientConnections()
		hs.Close()
		cancel()
		wg.Wait()
		w.srv.Close()
	})
	w.url = hs.URL
	return w
}

// newHooks makes the queue; private lets it reach private and loopback addresses, and plain http.
func newHooks(d api.Deps, private bool) hooks {
	posts := webhook.New(private)
	log := d.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return hooks{notify.New(d.Registry, posts, d.Now, log), posts}
}

// behindProxy lets the tests send from many addresses.
func behindProxy(d *api.Deps) { d.Config.TrustProxy = true }

func (w *world) system() *registry.View { return w.reg.In(g.SystemScope("test")) }

// must is for set-up: it ends the test where err is not nil.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// schools makes A and B, and in A one of everything, whose ids are kept by noun.
func (w *world) schools() *world {
	w.t.Helper()
	t, ctx, v := w.t, w.t.Context(), w.system()
	w.a = must(v.Places.CreateSchool(ctx,
		g.School{Kind: g.KindSchool, Name: "Riverside", Timezone: "Asia/Shanghai", Language: "en"}))(
		t)
	w.b = must(v.Places.CreateSchool(ctx,
		g.School{Kind: g.KindSchool, Name: "Hillside", Timezone: "Asia/Shanghai", Language: "en"}))(
		t)
	site := must(v.Places.PutSite(ctx, g.Site{School: w.a.ID, Name: "Campus"}))(t)
	building := must(v.Places.PutBuilding(ctx, g.Building{School: w.a.ID, Site: site.ID, Name: "Science"}))(
		t)
	zone := must(v.Deeds.PutZone(ctx,
		g.Zone{School: w.a.ID, Building: building.ID, Name: "Laboratory 1", Kind: g.ZoneLaboratory}))(
		t)
	floor := must(v.Places.PutFloor(ctx, g.Floor{School: w.a.ID, Building: building.ID, Name: "Ground"}))(t)
	plan, _, err := w.media.PutDrawing(w.a.ID, []byte(drawn))
	must(0, err)(t)
	must(v.Places.SetPlan(ctx, floor.ID, &plan))(t)
	must(0, v.Fleet.PutProfile(ctx, smokeProfile()))(t)
	must(0, v.Fleet.PutProfile(ctx, cameraProfile()))(t)
	device, _, err := v.Fleet.CreateDevice(ctx,
		g.Device{
			ID:      "lab-1-smoke",
			School:  w.a.ID,
			Zone:    zone.ID,
			Profile: "smoke-heat-sensor",
			Driver:  g.DriverMQTTFront,
			Name:    "Smoke, lab 1",
			Enabled: true,
		},
		nil)
	must(0, err)(t)
	camera, _, err := v.Fleet.CreateDevice(ctx,
		g.Device{
			ID:      "cam-7",
			School:  w.a.ID,
			Zone:    zone.ID,
			Profile: "gate-camera",
			Driver:  "camera",
			Name:    "Gate camera",
			Enabled: true,
			Address: map[string]string{"url": "rtsp://192.0.2.1/1"},
		},
		map[string]string{"password": "s3cret"})
	must(0, err)(t)
	student := must(v.People.Create(ctx,
		g.Person{
			School: w.a.ID,
			Kind:   g.Student,
			Name:   "Li Ming",
			Number: "2026-0001",
			Class:  "7-2",
		}))(t)
	visitor := must(v.People.Create(ctx,
		g.Person{School: w.a.ID, Kind: g.Visitor, Name: "Zhou Qiang"}))(t)
	pass := must(v.People.AddCard(ctx, student.ID, g.ByCard, "0009981234", time.Time{}))(t)
	now := time.Now()
	session := must(v.Sessions.Put(ctx,
		g.Session{
			School:    w.a.ID,
			Kind:      g.SessionArrival,
			Name:      "Arrival",
			Start:     now.Add(-time.Hour),
			Due:       now,
			End:       now.Add(time.Hour),
			ZoneKinds: []g.ZoneKind{g.ZoneGate},
			Who:       []g.PersonKind{g.Student},
		}))(t)
	must(v.Sessions.Put(ctx, g.Session{
		School: w.a.ID,
		Kind:   g.SessionMeal,
		Name:   "Lunch",
		NameZH: "午餐",
		Start:  now,
		Due:    now,
		End:    now.Add(time.Hour),
		Who:    []g.PersonKind{g.Student},
	}))(t)
	leave := must(v.Sessions.PutLeave(ctx,
		g.Leave{
			Person: student.ID,
			From:   now,
			To:     now.Add(time.Hour),
			Reason: "doctor",
			Actor:  "test",
		}))(t)
	hook, _, err := v.Hooks.Create(ctx,
		g.Webhook{
			School: w.a.ID,
			URL:    "http://127.0.0.1:9/none",
			Kinds:  []g.EventKind{g.EventAttendance},
		})
	must(0, err)(t)
	must(0,
		v.Hooks.QueueDeliveries(ctx,
			[]reghooks.Delivery{
				{
					Webhook: hook.ID,
					EventID: "evt_1",
					Seq:     1,
					Body:    []byte("{}"),
					Next:    now.Add(time.Hour),
					Created: now,
				},
			}))(t)
	deliveries, _, err := v.Hooks.Deliveries(ctx, hook.ID, registry.Page{})
	must(0, err)(t)
	alert := g.Alert{
		ID:       "alt_0000000000000001",
		School:   w.a.ID,
		Rule:     "stranger-at-gate",
		Severity: g.Major,
		State:    g.AlertOpen, Title: "Stranger", Device: device.ID, Zone: zone.ID, Media: "med_1",
		Count:     1,
		Opened:    now,
		LastFired: now,
		Incident:  "inc_0000000000000001",
		Seq:       1, Version: 1}
	incident := g.Incident{
		ID:     "inc_0000000000000001",
		School: w.a.ID,
		Title:  "Stranger", Severity: g.Major, State: g.IncidentOpen, Alerts: []g.AlertID{alert.ID},
		Steps: []g.IncidentStep{{Text: "Go and look"}},
		Handover: g.Handover{
			Requested:    true,
			ApproverRole: g.RoleAdmin,
			Approval:     "waiting",
			Link:         "off",
			Note:         "the police link is off",
		},
		Opened:  now,
		Version: 1}
	must(0,
		v.Alerts.Apply(ctx,
			alerts.Effects{Seq: 1, Alerts: []g.Alert{alert}, Incidents: []g.Incident{incident}}))(
		t)
	w.media.put(w.a.ID, "med_1")
	visit := must(v.Visits.Register(ctx, visits.Registration{Visit: g.Visit{
		School: w.a.ID,
		From:   now.Add(-time.Hour),
		To:     now.Add(24 * time.Hour),
		VisitDetails: g.VisitDetails{
			Name:    "Zhou Qiang",
			Phone:   "13800000000",
			Host:    "Chen Jing",
			Purpose: "Repairs the lift",
		},
	}}))(t)
	student.Guardian = []g.PersonID{visitor.ID}
	must(0, v.People.Update(ctx, student))(t)
	collector := must(v.Collect.Add(ctx, g.Collector{
		Pupil:            student.ID,
		From:             now,
		To:               now.Add(24 * time.Hour),
		CollectorDetails: g.CollectorDetails{Name: "Zhang Lan"},
	}))(t)
	request := must(v.Leave.Ask(ctx, g.LeaveRequest{
		Person:   student.ID,
		Guardian: visitor.ID,
		From:     now.Add(24 * time.Hour),
		To:       now.Add(48 * time.Hour),
		LeaveRequestDetails: g.LeaveRequestDetails{
			Kind:   g.LeaveSick,
			Reason: "has a fever",
		},
	}))(t)
	barred := must(v.Visits.Bar(ctx, g.Barred{
		School: w.a.ID,
		Name:   "Wu Gang",
		Phone:  "13900000000",
		Reason: "threatened a teacher",
		Ends:   now.Add(24 * time.Hour),
	}, ""))(t)
	pattern := must(v.Timetable.Put(ctx, g.SessionPattern{
		School:       w.a.ID,
		Name:         "Assembly",
		Kind:         g.SessionMeeting,
		Days:         g.OnSchoolDays,
		SessionTimes: g.SessionTimes{Start: "08:00", End: "08:40"},
		Who:          []g.PersonKind{g.Student},
	}))(t)
	template := must(v.Timetable.PutTemplate(ctx, g.DayTemplate{School: w.a.ID, Name: "Late start", Shift: 60}))(t)
	unused := must(v.Timetable.PutTemplate(ctx, g.DayTemplate{School: w.a.ID, Name: "Early", Shift: -60}))(t)
	days := must(v.Timetable.PutDays(ctx, g.TemplateDays{
		School:   w.a.ID,
		Template: template.ID,
		From:     "2099-09-01",
		To:       "2099-09-01",
	}))(t)
	change := must(v.Timetable.PutChange(ctx, g.PatternChange{
		Pattern: pattern.ID,
		Date:    "2099-09-01",
		Cancel:  true,
	}))(t)
	holiday := must(v.Calendar.Put(ctx, w.a.ID, []g.CalendarEntry{{
		Kind: g.CalendarDayOff,
		Name: "National Day",
		From: "2026-10-01",
		To:   "2026-10-07",
	}}))(t)[0]
	rota := must(v.Oncall.PutRota(ctx, g.Rota{
		School: w.a.ID,
		Name:   "Nights",
		Lines: []g.RotaLine{{
			Start: "19:00",
			End:   "07:00",
			First: "2026-09-07",
			Each:  g.TurnWeek,
			Turns: [][]g.UserID{{}},
		}},
	}))(t)
	chain := must(v.Oncall.PutChain(ctx, g.Escalation{
		School: w.a.ID,
		Name:   "All",
		Wait:   5,
		Steps:  []g.EscalationStep{{Roles: []g.Role{g.RoleSecurity}}},
	}))(t)
	must(v.Oncall.Note(ctx, []oncall.Call{{
		Alert:   alert.ID,
		School:  w.a.ID,
		State:   oncall.CallDue,
		Chain:   chain.ID,
		Due:     now.Add(time.Hour),
		Version: 1,
	}}))(t)
	channel := must(v.Messages.CreateChannel(ctx, messages.Channel{
		School:   w.a.ID,
		Kind:     "wecom",
		Name:     "Guards",
		Settings: map[string]string{},
	}, map[string]string{"key": "robot"}))(t)
	message := must(v.Messages.Broadcast(ctx, messages.Broadcast{
		School:   w.a.ID,
		Audience: messages.Audience{People: []g.PersonID{student.ID}},
		Subject:  "School closes at noon",
		Text:     "Please collect your child by 12:30.",
	}))(t)
	rule := must(v.Rules.Put(ctx, regrules.RuleVersion{
		School:  w.a.ID,
		ID:      "own",
		Text:    ownRule,
		Enabled: true,
	}, 0))(t)
	user := must(v.Access.CreateUser(ctx,
		g.User{
			School:   w.a.ID,
			Name:     "somebody",
			FullName: "Somebody",
			Role:     g.RoleTeacher,
			Language: "en",
		},
		password))(t)
	key, _, err := w.reg.In(adminScope(w.a)).Access.CreateKey(ctx,
		g.APIKey{
			School:      w.a.ID,
			Name:        "k",
			Purpose:     "a test asks",
			Permissions: []g.Permission{g.DevicesRead},
			Expires:     now.AddDate(0, 1, 0),
		})
	must(0, err)(t)
	must(0, v.Alerts.NoteRules(ctx, []alerts.RuleText{
		{Kind: "rule", ID: "smoke", Body: "id: smoke\n"},
		{Kind: "rule", ID: "ups", Body: "id: ups\n"},
	}))(t)
	window := must(v.Alerts.PutWindow(ctx, g.Suppression{
		School: w.a.ID,
		Reason: "the UPS is serviced",
		Until:  time.Now().Add(48 * time.Hour),
		Rules:  []g.RuleID{"ups"},
	}, g.User{ID: user.ID}))(t)
	muster := must(v.Musters.Start(ctx, g.Muster{School: w.a.ID, Drill: true}, nil))(t)
	for noun, id := range map[string]string{
		"suppression": string(window.ID),
		"soon":        time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339),

		"school":   string(w.a.ID),
		"site":     string(site.ID),
		"building": string(building.ID),
		"floor":    string(floor.ID),
		"zone":     string(zone.ID), "device": string(device.ID),
		"camera":  string(camera.ID),
		"student": string(student.ID),
		"visitor": string(visitor.ID),
		"pass":    string(pass.ID),
		"session": string(session.ID), "leave": leave.ID,
		"webhook":  string(hook.ID),
		"channel":  string(channel.ID),
		"message":  string(message),
		"delivery": strconv.FormatInt(deliveries[0].ID, 10),
		"alert":    string(alert.ID),
		"holiday":  string(holiday.ID),
		"visit":    string(visit.ID),
		"barred":   string(barred.ID),
		"request":  string(request.ID),

		"collector": string(collector.ID),
		"pattern":   string(pattern.ID),
		"muster":    string(muster.ID),
		"template":  string(template.ID),
		"unused":    string(unused.ID),
		"days":      string(days.ID),
		"change":    string(change.ID),
		"rota":      string(rota.ID), "escalation": string(chain.ID),
		"incident": string(incident.ID),
		"rule":     string(rule.ID) + "@" + string(w.a.ID),
		"user":     string(user.ID), "key": string(key.ID), "media": "med_1"} {
		w.ids[noun] = id
	}
	return w
}

func adminScope(s g.School) g.Scope {
	return g.Scope{School: s.ID, Actor: "test", Permissions: g.RoleAdmin.Permissions()}
}

func smokeProfile() g.Profile {
	low, high := -40.0, 125.0
	return g.Profile{
		ID: "smoke-heat-sensor", Title: "Smoke and heat", Type: g.TypeSensor,
		Properties: map[string]g.Property{
			"smoke":       {Type: "boolean"},
			"temperature": {Type: "number", Unit: "Cel", Minimum: &low, Maximum: &high},
			"limit":       {Type: "number", Writable: true},
		},
		Actions: map[string]g.Action{
			"silence": {
				Title: "Silence",
				Input: map[string]g.Property{"minutes": {Type: "number"}},
			},
			"say": {Title: "Say", Input: map[string]g.Property{"text": {Type: "string"}}},
		},
	}
}

func cameraProfile() g.Profile {
	return g.Profile{
		ID:        "gate-camera",
		Title:     "Camera",
		Type:      g.TypeCamera,
		Sightings: []g.Method{g.ByFace},
	}
}

// client is somebody who talks to the API.
type client struct {
	w      *world
	http   *http.Client
	cookie *http.Cookie
	csrf   string
	key    string
	from   string // what the proxy in front says of the address; only behindProxy believes it
}

// reply is an answer with its body read.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (w *world) nobody() *client { return &client{w: w, http: &http.Client{}} }

// user makes a user of a role and signs in.
func (w *world) user(s g.School, role g.Role) *client {
	w.t.Helper()
	name := string(role) + "-" + string(s.ID)
	if _, err := w.system().Access.CreateUser(w.t.Context(),
		g.User{School: s.ID, Name: name, FullName: "Full " + name, Role: role, Language: "en"},
		password); err != nil && g.ErrorCode(err) != g.Conflict {
		w.t.Fatal(err)
	}
	return w.signIn(name)
}

func (w *world) signIn(name string) *client {
	w.t.Helper()
	return w.nobody().signIn(name)
}

func (c *client) signIn(name string) *client {
	w := c.w
	w.t.Helper()
	r := c.do("POST", "/v1/session", map[string]string{"name": name, "password": password})
	if r.status != http.StatusOK {
		w.t.Fatalf("sign-in of %s: got %d %s, want 200", name, r.status, r.body)
	}
	var me access.Me
	r.into(&me)
	c.csrf = me.CSRF
	resp := http.Response{Header: r.header}
	c.cookie = resp.Cookies()[0]
	return c
}

// do sends a request; v is a body to be written as JSON, or bytes to be sent as they are.
func (c *client) do(method, path string, v any, headers ...string) reply {
	c.w.t.Helper()
	var body io.Reader
	kind := "application/json"
	switch v := v.(type) {
	case nil:
		kind = ""
	case []byte:
		body = bytes.NewReader(v)
	case string:
		body = strings.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			c.w.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.url+path, body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	if c.csrf != "" && method != "GET" {
		r.Header.Set("X-Gatehouse-CSRF", c.csrf)
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.from != "" {
		r.Header.Set("X-Forwarded-For", c.from)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return reply{c.w.t, resp.StatusCode, resp.Header, b}
}

func (r reply) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatalf("body %.300s: %v", r.body, err)
	}
}

// want checks the status and returns the reply.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("got status %d %s, want %d", r.status, r.body, status)
	}
	return r
}

// problem is the answer as a problem document.
func (r reply) problem() gate.Problem {
	r.t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Fatalf("got content type %q for %d %s, want application/problem+json", got, r.status,
			r.body)
	}
	var p gate.Problem
	r.into(&p)
	return p
}

func soon() time.Time { return time.Now().AddDate(0, 1, 0) }

// head sends a GET and reads only the answer's beginning: for streams, which do not end. An
// answer that is an error is read as a whole.
func (c *client) head(path string) reply {
	c.w.t.Helper()
	ctx, cancel := context.WithCancel(c.w.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", c.w.url+path, nil)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.from != "" {
		r.Header.Set("X-Forwarded-For", c.from)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body []byte
	if resp.StatusCode != http.StatusOK {
		if body, err = io.ReadAll(resp.Body); err != nil {
			c.w.t.Fatal(err)
		}
	}
	return reply{c.w.t, resp.StatusCode, resp.Header, body}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
