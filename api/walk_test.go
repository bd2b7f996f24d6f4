package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// walk reads a list page by page; between is called once, after the first page.
func (c *client) walk(path, key string, between func(firstPage []string)) []string {
	c.w.t.Helper()
	var got []string
	next := ""
	for n := 0; n < 1000; n++ {
		at := path
		if next != "" {
			at += cond(strings.Contains(path, "?"), "&", "?") + "cursor=" + next
		}
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		c.do("GET", at, nil).want(200).into(&page)
		for _, item := range page.Items {
			row := map[string]any{}
			if json.Unmarshal(item, &row) != nil {
				got = append(got, string(item))
				continue
			}
			got = append(got, fmt.Sprint(row[key]))
		}
		if next = page.Next; next == "" {
			return got
		}
		if n == 0 {
			between(slices.Clone(got))
		}
	}
	c.w.t.Fatal("the walk does not end")
	return nil
}

func cond(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// Whatever happens to other rows, a walk sees those that are there throughout, each once.
func TestWalksSeeEveryRow(t *testing.T) {
	w := newWorld(t).schools()
	c, v, ctx := w.user(w.a, g.RoleAdmin), w.system(), t.Context()
	var people []string
	for i := range 12 {
		p, err := v.People.Create(ctx,
			g.Person{
				School: w.a.ID,
				Kind:   g.Student,
				Name:   fmt.Sprintf("Pupil %02d", i),
				Number: fmt.Sprint(i),
				Class:  "8-1",
			})
		mustDo(t, err)
		people = append(people, string(p.ID))
	}
	now := time.Now().Truncate(time.Second)
	var sessions []g.Session
	for i := range 8 {
		at := now.Add(time.Duration(i) * time.Minute)
		s, err := v.Sessions.Put(ctx,
			g.Session{
				School:    w.a.ID,
				Kind:      g.SessionMeal,
				Name:      fmt.Sprint("Lunch ", i),
				Start:     at,
				Due:       at,
				End:       at.Add(time.Hour),
				ZoneKinds: []g.ZoneKind{g.ZoneGate},
				Who:       []g.PersonKind{g.Student},
			})
		mustDo(t, err)
		sessions = append(sessions, s)
	}
	for i := range 8 {
		_, err := v.Access.CreateUser(ctx,
			g.User{
				School:   w.a.ID,
				Name:     fmt.Sprintf("clerk-%d", i),
				FullName: "C",
				Role:     g.RoleTeacher,
				Language: "en",
			},
			password)
		mustDo(t, err)
		mustDo(t,
			v.Fleet.PutProfile(ctx,
				g.Profile{
					ID:         g.ProfileID(fmt.Sprintf("p-%d", i)),
					Title:      "P",
					Type:       g.TypeSensor,
					Properties: map[string]g.Property{"x": {Type: "number"}},
				}))
		_, _, err = v.Hooks.Create(ctx,
			g.Webhook{School: w.a.ID, URL: fmt.Sprintf("http://127.0.0.1:9/%d", i)})
		mustDo(t, err)
	}
	for _, x := range []struct {
		path, key string
		change    func(first []string)
	}{
		{"/v1/people?class=8-1&limit=3", "id", func(first []string) {
			c.do("PUT", "/v1/people/"+first[2],
				map[string]any{
					"kind":   "student",
					"name":   "Pupil 02",
					"number": "zzz",
					"class":  "8-1",
				}).want(200)
			c.do("PUT", "/v1/people/"+people[11],
				map[string]any{
					"kind":   "student",
					"name":   "Pupil 11",
					"number": "!",
					"class":  "8-1",
				}).want(200)
		}},
		{"/v1/people?limit=4", "id", func(first []string) {
			c.do("PUT", "/v1/people/"+first[3],
				map[string]any{
					"kind":   "student",
					"name":   "Moved",
					"number": "zzzz",
					"class":  "zzz",
				}).want(200)
		}},
		{"/v1/users?limit=3", "id", func(first []string) {
			c.do("PUT", "/v1/users/"+first[2], map[string]any{"name": "zzz-renamed"}).want(200)
		}},
		{"/v1/webhooks?limit=3", "id", func(first []string) {
			c.do("DELETE", "/v1/webhooks/"+first[0], nil).want(204)
		}},
		{"/v1/profiles?limit=3", "id", func([]string) {
			mustDo(t,
				v.Fleet.PutProfile(ctx,
					g.Profile{
						ID:         "a-first",
						Title:      "P",
						Type:       g.TypeSensor,
						Properties: map[string]g.Property{"x": {Type: "number"}},
					}))
		}},
		{"/v1/sessions?limit=3&from=" + now.Add(-48*time.Hour).UTC().Format(time.RFC3339) + "&to=" +
			now.Add(48*time.Hour).UTC().Format(time.RFC3339),
			"id", func(first []string) {
				s := sessions[0]
				if s.ID != g.SessionID(first[0]) {
					s = sessions[1]
				}
				s.Start, s.Due, s.End = s.Start.Add(5*time.Hour), s.Due.Add(5*time.Hour), s.End.Add(5*time.Hour)
				_, err := v.Sessions.Put(ctx, s)
				mustDo(t, err)
			}},
	} {
		t.Run(x.path, func(t *testing.T) {
			want := c.walk(x.path, x.key, func([]string) {})
			got := c.walk(x.path, x.key, x.change)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want every row of before once: %v", got, want)
			}
		})
	}
}
