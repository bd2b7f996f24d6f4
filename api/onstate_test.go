package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// unconditional are the changes that take no If-Match, and why they need none.
var unconditional = map[string]string{
	"change-password":       "needs the password that is changed",
	"sign-out":              "ends the caller's own sign-in, whatever it is",
	"set-desired":           "is a command: the last one holds, and each is in the log",
	"reset-second-factor":   "takes away whatever is there",
	"revoke-certificate":    "a certificate never changes; its fingerprint names it",
	"forget-unknown-fields": "takes away what the gateway counted, which changes by itself",
	"delete-pass":           "a pass never changes",
	"keep-picture":          "a picture never changes; the longest time holds",
	"delete-picture":        "a picture never changes",
	"update-rule":           "names the version that was seen, and each is kept",
	"delete-rule":           "names the version that was seen, and each is kept",
	"update-procedure":      "names the version that was seen, and each is kept",
	"delete-procedure":      "names the version that was seen, and each is kept",
	"stop-rule-backtest":    "ends what runs, however far it is",
	"stop-rule-explanation": "ends what runs, however far it is",
	"put-drawing":           "a drawing never changes; another one takes its place",
	"set-clear-codes":       "one's own codes are never shown; new ones take their place",
	"import-calendar":       "adds days and changes none",
	"delete-drawing":        "takes away whatever is there; the positions stay",
	"delete-own-address":    "an address never changes",
	"put-own-wishes":        "one's own: the last one holds",
	"delete-override":       "an override never changes",
	"delete-template-days":  "an entry never changes",
	"delete-pattern-change": "takes back whatever is said of the day",
}

// Every change honours If-Match, and what it changes is read with an ETag.
func TestEveryChangeTakesIfMatch(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []struct {
				Name string
				In   string
			}
			Responses map[string]struct{ Headers map[string]any }
		}
	}
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&doc)
	seen := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range []string{"put", "patch", "delete"} {
			op, ok := doc.Paths[path][method]
			if !ok {
				continue
			}
			seen++
			takes := false
			for _, p := range op.Parameters {
				takes = takes || p.In == "header" && strings.EqualFold(p.Name, "If-Match")
			}
			_, free := unconditional[op.OperationID]
			_, refuses := op.Responses["412"]
			if takes == free || refuses == free {
				t.Errorf("%s: got If-Match %v and 412 %v, want both or a reason why it needs none",
					op.OperationID, takes, refuses)
			}
			if free {
				continue
			}
			of := strings.TrimSuffix(strings.TrimSuffix(path, "/left"), "/spots")
			read := doc.Paths[of]["get"]
			if read.Responses["200"].Headers["ETag"] == nil {
				t.Errorf("%s: got no ETag of %s, want it", op.OperationID, path)
			}
		}
	}
	if seen < 40 {
		t.Errorf("got %d changes, want them all", seen)
	}
}

// Settings without an address of their own honour tags as well: of two who read the same state and
// change it, one succeeds and the other gets an error.
func TestWhatIsSetHeedsTags(t *testing.T) {
	w := newWorld(t).schools()
	c, v, ctx := w.user(w.a, g.RoleAdmin), w.system(), t.Context()
	in := "?school=" + string(w.a.ID)
	leave := func(more string) string {
		return `{"person":"` + w.ids["student"] +
			`","from":"2026-09-02T00:00:00Z","to":"2026-09-03T00:00:00Z",` + more + `}`
	}
	mustDo(t, v.Deeds.PutSetting(ctx, w.a.ID, "wall.sound", []byte(`{"on":true}`)))
	for path, bodies := range map[string][2]string{
		"/v1/settings/wall.sound" + in: {`{"value":{"on":false}}`, `{"value":{"on":7}}`},
		"/v1/second-factor-roles" + in: {
			`{"roles":["security","teacher"]}`,
			`{"roles":["facility"]}`,
		},
		"/v1/recorded" + in: {
			`{"pictures_of_unknowns":false,"reason":"the council"}`,
			`{"pictures_of_unknowns":true,"reason":"the head"}`,
		},
		"/v1/me":                           {`{"full_name":"Li Wei"}`, `{"full_name":"Li Wen"}`},
		"/v1/channels/" + w.ids["channel"]: {`{"name":"Watch"}`, `{"name":"Gate"}`},
		"/v1/message-templates/test/en" + in: {
			`{"subject":"Test","text":"At {time}"}`,
			`{"subject":"Trial","text":"At {time}"}`,
		},
		"/v1/leaves/" + w.ids["leave"]: {leave(`"offsite":true`), leave(`"reason":"journey"`)},
	} {
		t.Run(path, func(t *testing.T) {
			tag := c.do("GET", path, nil).want(200).header.Get("ETag")
			first := c.do("PUT", path, bodies[0], "If-Match", tag).want(200)
			if now := c.do("GET", path, nil).want(200).header.Get("ETag"); now == tag ||
				!sameState(now, first.header.Get("ETag")) {
				t.Errorf("got %s after %s, want another one, and the one that the change "+
					"answered: %s",
					now, tag, first.header.Get("ETag"))
			}
			if p := c.do("PUT", path, bodies[1], "If-Match", tag).want(412).problem(); p.Code != g.Changed {
				t.Errorf("got %+v, want the code changed", p)
			}
			c.do("PUT", path, bodies[1], "If-Match", first.header.Get("ETag")).want(200)
		})
	}
	c.do("PUT", "/v1/settings/none.yet"+in, `{"value":1}`, "If-Match", `"0123456789abcdef"`).want(412)
}

func sameState(a, b string) bool {
	one, _, _ := strings.Cut(strings.Trim(a, `"`), "-")
	two, _, _ := strings.Cut(strings.Trim(b, `"`), "-")
	return one == two
}

// A removal honours If-Match: only the state that the caller saw is removed.
func TestWhatIsTakenAwayHeedsTags(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	person, leave := "/v1/people/"+w.ids["student"], "/v1/leaves/"+w.ids["leave"]
	for _, x := range []struct{ path, change, body, remove, removal string }{
		{leave, leave, `{"offsite":true}`, leave, ""},
		{person + "?reason=test", person, `{"class":"9-9"}`, person + "/left", `{"left":true}`},
	} {
		tag := c.do("GET", x.path, nil).want(200).header.Get("ETag")
		c.do("PATCH", x.change, x.body).want(200)
		method, done := http.MethodDelete, 204
		if x.removal != "" {
			method = http.MethodPut
		}
		send := func(tag string) reply {
			if x.removal == "" {
				return c.do(method, x.remove, nil, "If-Match", tag)
			}
			return c.do(method, x.remove, x.removal, "If-Match", tag)
		}
		send(tag).want(412)
		send(c.do("GET", x.path, nil).want(200).header.Get("ETag")).want(done)
	}
	path := "/v1/keys/" + w.ids["key"]
	tag := c.do("GET", path, nil).want(200).header.Get("ETag")
	c.do("DELETE", path, nil, "If-Match", tag).want(204)
	c.do("DELETE", path, nil, "If-Match", tag).want(412) // a colleague has revoked it
}

// Of two who change how a person is reached, one succeeds and the other is told; so of two who take a
// channel away.
func TestContactsAndChannelsHeedTags(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	path := "/v1/people/" + w.ids["student"] + "/contact"
	contact := func(mail string) string {
		return `{"addresses":[{"way":"email","value":"` + mail + `"}]}`
	}
	tag := c.do("GET", path+"?reason=a+test", nil).want(200).header.Get("ETag")
	next := c.do("PUT", path, contact("a@home.example"), "If-Match", tag).want(204).header.Get("ETag")
	c.do("PUT", path, contact("b@home.example"), "If-Match", tag).want(412)
	c.do("PUT", path, contact("c@home.example"), "If-Match", next).want(204)

	channel := "/v1/channels/" + w.ids["channel"]
	tag = c.do("GET", channel, nil).want(200).header.Get("ETag")
	c.do("PUT", channel, `{"name":"Watch"}`).want(200)
	c.do("DELETE", channel, nil, "If-Match", tag).want(412)
	c.do("DELETE", channel, nil, "If-Match", c.do("GET", channel, nil).header.Get("ETag")).want(204)
}

// A leave can be changed by a user who may not see its reason: the reason stays,
// and no response shows it.
func TestLeaveKeepsItsReason(t *testing.T) {
	w := newWorld(t).schools()
	c, v := w.user(w.a, g.RoleAdmin), w.system()
	path := "/v1/leaves/" + w.ids["leave"]
	var was, l g.Leave
	c.do("GET", path, nil).want(200).into(&was)
	if was.Reason != "" {
		t.Errorf("got the reason %q of a look without one, want none", was.Reason)
	}
	c.do("PUT", path,
		map[string]any{"person": was.Person, "from": was.From, "to": was.To, "offsite": true}).want(200).into(&l)
	if l.Reason != "" || !l.Offsite {
		t.Errorf("got %+v, want the change without the reason", l)
	}
	kept, err := v.Sessions.LeaveToChange(t.Context(), w.ids["leave"])
	mustDo(t, err)
	if kept.Reason == "" || !kept.Offsite {
		t.Errorf("got %+v, want the reason that its caller did not see", kept)
	}
	c.do("GET", path+"?reason=the+nurse+asks", nil).want(200).into(&l)
	if l.Reason != kept.Reason {
		t.Errorf("got %q, want the reason of an audited look", l.Reason)
	}
}

// A change of one's own name undoes nothing that an administrator does meanwhile.
func TestOwnNameOverrulesNobody(t *testing.T) {
	w := newWorld(t).schools()
	admin, v, ctx := w.user(w.a, g.RoleAdmin), w.system(), t.Context()
	u, err := v.Access.CreateUser(ctx,
		g.User{
			School:   w.a.ID,
			Name:     "guard-7",
			FullName: "G",
			Role:     g.RoleSecurity,
			Language: "en",
		},
		password)
	mustDo(t, err)
	c := w.signIn("guard-7")
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 40 {
			c.do("PUT", "/v1/me", map[string]string{"language": "zh-CN"})
		}
	})
	admin.do("PATCH", "/v1/users/"+string(u.ID), map[string]any{"disabled": true}).want(200)
	wg.Wait()
	var now g.User
	admin.do("GET", "/v1/users/"+string(u.ID), nil).want(200).into(&now)
	if !now.Disabled {
		t.Error("got a user who is enabled again, want disabled as the administrator said")
	}
}

// Profiles honour tags as everything else does, and can be changed in part.
func TestProfilesHeedTags(t *testing.T) {
	w := newWorld(t)
	school, err := w.system().Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Only", Timezone: "Asia/Shanghai", Language: "en"})
	mustDo(t, err)
	c := w.user(school, g.RoleFacility)
	const path = "/v1/profiles/door"
	c.do("POST", "/v1/profiles",
		`{"id":"door","title":"Door","type":"sensor","properties":{"open":{"type":"boolean"},"count":{"type":"number"}}}`).want(201)
	tag := c.do("GET", path, nil).want(200).header.Get("ETag")
	first := c.do("PATCH", path, `{"title":"A door","properties":{"count":null}}`, "If-Match", tag).want(200)
	var p g.Profile
	c.do("GET", path, nil).want(200).into(&p)
	if p.Title != "A door" || len(p.Properties) != 1 || p.Properties["open"].Type != "boolean" {
		t.Errorf("got %+v, want another title and one property less", p)
	}
	for _, late := range []reply{
		c.do("PUT", path, `{"id":"door","title":"The door","type":"sensor"}`, "If-Match", tag),
		c.do("PATCH", path, `{"title":"The door"}`, "If-Match", tag),
		c.do("DELETE", path, nil, "If-Match", tag),
		c.do("PUT", "/v1/profiles/none", `{"id":"none","title":"None","type":"sensor"}`,
			"If-Match", tag),
	} {
		if got := late.want(412).problem(); got.Code != g.Changed {
			t.Errorf("got %+v, want the code changed", got)
		}
	}
	c.do("PATCH", path, `{"id":"gate"}`).want(422)
	c.do("PATCH", path, `{"colour":"red"}`).want(422)
	c.do("PATCH", path, `{"title":"Our door"}`).want(200) // applied to the current state
	c.do("DELETE", path, nil, "If-Match", first.header.Get("ETag")).want(412)
	c.do("DELETE", path, nil, "If-Match", c.do("GET", path, nil).header.Get("ETag")).want(204)
}
