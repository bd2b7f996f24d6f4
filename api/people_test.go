package api_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
	"github.com/gatehouse-iot/gatehouse/api/people"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	regpeople "github.com/gatehouse-iot/gatehouse/registry/people"
)

func TestOpeningAChildNeedsAReason(t *testing.T) {
	w := newWorld(t).schools()
	teacher, admin := w.user(w.a, g.RoleTeacher), w.user(w.a, g.RoleAdmin)
	path := "/v1/people/" + w.ids["student"]
	if p := teacher.do("GET", path, nil).want(422).problem(); len(p.Errors) != 1 ||
		p.Errors[0].Field != "reason" {
		t.Errorf("got %+v without a reason, want an error of the field reason", p)
	}
	var page regpeople.PersonPage
	teacher.do("GET", path+"?reason=parent%20asks%0Aabout+yesterday", nil).want(200).into(&page)
	if page.Name != "Li Ming" || len(page.Passes) != 1 {
		t.Errorf("got %+v, want Li Ming with a card", page)
	}
	var list struct{ Items []g.AuditEntry }
	admin.do("GET", "/v1/audit?deed=person.open", nil).want(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].Reason != "parent asks about yesterday" ||
		list.Items[0].Object != w.ids["student"] {
		t.Errorf("got audit %+v, want one entry with the reason on one line", list.Items)
	}
	teacher.do("GET", "/v1/people?class=7-2", nil).want(200) // the class list needs none
}

func TestFaces(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	path := "/v1/people/" + w.ids["student"]
	photo := func(b []byte) reply {
		return c.do("POST", path+"/face", b, "Content-Type", "image/jpeg")
	}
	if r := photo(picture()); r.status < 400 || r.status >= 500 {
		t.Errorf("a face without consent: got %d %s, want it refused", r.status, r.body)
	}
	c.do("POST", path+"/consent", map[string]any{"given": true, "by": "mother", "note": "paper"}).want(204)
	// The file type and the face are judged in one place, and the reason is a code.
	if p := photo([]byte("GIF89a nothing of use")).want(422).problem(); len(p.Errors) != 1 ||
		p.Errors[0].Reason != "is_gif" {
		t.Errorf("got %+v for a GIF, want it named", p)
	}
	if p := photo(make([]byte, smallFace)).want(422).problem(); len(p.Errors) != 1 ||
		p.Errors[0].Reason != "too_small" || p.Errors[0].Have != 62 || p.Errors[0].Need != 80 {
		t.Errorf("got %+v for a small face, want the reason with its numbers", p)
	}
	if p := photo([]byte{0xff, 0xd8, 0xff}).want(422).problem(); !strings.Contains(p.Detail,
		"no face") {
		t.Errorf("got %q for a picture without a face, want the reason", p.Detail)
	}
	if p := photo(append(picture(), make([]byte, 9<<20)...)).want(413).problem(); !strings.Contains(
		p.Detail, "larger than the 8 MB") {
		t.Errorf("got %q for a huge file, want the limit in words", p.Detail)
	}
	var pass g.Pass
	photo(picture()).want(201).into(&pass)
	if pass.Method != g.ByFace || pass.Model != "test-512" {
		t.Errorf("got %+v, want a face of the model", pass)
	}
}

// A guard, who may enrol faces but not write people, enrols the stranger of an alert.
func TestEnrolStranger(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	path := "/v1/alerts/" + w.ids["alert"] + "/enrol"
	consent := map[string]string{"by": "self", "note": "asked at the gate"}
	c.do("POST", path, map[string]any{"name": "Zhou Qiang"}).want(422) // no consent
	c.do("POST", path, map[string]any{"consent": consent}).want(422)   // nobody
	c.do("POST", path, map[string]any{"name": "X", "person": w.ids["visitor"], "consent": consent}).want(422)
	c.do("POST", path, map[string]any{"name": "A Student", "kind": "student", "consent": consent}).want(422)
	var made people.Enrolled
	c.do("POST", path, map[string]any{"name": "Wu Gang", "phone": "555", "consent": consent}).want(201).into(&made)
	page, err := w.system().People.Open(t.Context(), made.Person)
	mustDo(t, err)
	if page.Name != "Wu Gang" || page.Kind != g.Visitor || len(page.Consents) != 1 ||
		!page.Consents[0].Given || len(page.Passes) != 1 {
		t.Errorf("got %+v, want a visitor with consent and a face", page)
	}
	c.do("POST", path, map[string]any{"person": w.ids["visitor"], "consent": consent}).want(201)
	c.do("POST", path, map[string]any{"person": "per_none", "consent": consent}).want(404)
	templates, err := w.system().People.Templates(t.Context(), w.a.ID)
	mustDo(t, err)
	if len(templates) != 2 {
		t.Errorf("got %d templates, want 2", len(templates))
	}
}

func TestImport(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	send := func(dry, csv string) (r regpeople.ImportReport) {
		c.do("POST", "/v1/people/import"+dry, csv, "Content-Type", "text/csv").want(200).into(&r)
		return r
	}
	good := "kind,number,name,class\nstudent,100,Chen Jie,7-1\nstudent,101,Zhao Lei,7-1\n"
	if r := send("?dry_run=true", good); r.Applied || r.Created != 2 {
		t.Errorf("got %+v for a dry run, want two to be created and nothing applied", r)
	}
	if r := send("", strings.Replace(good, "student,101", "wizard,101", 1)); r.Applied ||
		r.Errors != 1 || r.Lines[len(r.Lines)-1].Line == 0 {
		t.Errorf("got %+v for a wrong line, want it named and nothing applied", r)
	}
	if r := send("", good); !r.Applied || r.Created != 2 {
		t.Errorf("got %+v, want two created", r)
	}
}

func TestManualPass(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleSecurity)
	body := map[string]string{
		"person":    w.ids["student"],
		"zone":      w.ids["zone"],
		"direction": "in",
		"note":      "forgot the card",
	}
	var got attendance.Passage
	c.do("POST", "/v1/sightings/manual", body).want(201).into(&got)
	if got.Seq != w.live.Newest() || got.ID == "" {
		t.Errorf("got %+v, want the place in the journal", got)
	}
	for field, bad := range map[string]string{
		"person":    "per_none",
		"zone":      "zon_none",
		"direction": "up",
		"note":      "",
	} {
		wrong := map[string]string{}
		for k, v := range body {
			wrong[k] = v
		}
		wrong[field] = bad
		if p := c.do("POST", "/v1/sightings/manual", wrong).want(422).problem(); len(p.Errors) != 1 ||
			p.Errors[0].Field != field {
			t.Errorf("%s %q: got %+v, want an error of that field", field, bad, p)
		}
	}
}

func TestAlertsAndIncidents(t *testing.T) {
	w := newWorld(t).schools()
	guard, admin := w.user(w.a, g.RoleSecurity), w.user(w.a, g.RoleAdmin)
	alert := "/v1/alerts/" + w.ids["alert"]
	var a g.Alert
	guard.do("POST", alert+"/acknowledge", map[string]int{"version": 1}).want(200).into(&a)
	if a.State != g.AlertAcknowledged || a.HandlerName == "" {
		t.Errorf("got %+v, want it acknowledged by a name", a)
	}
	// an outdated version
	admin.do("POST", alert+"/resolve", map[string]any{"version": 1, "comment": "x"}).want(409)
	// without a comment
	guard.do("POST", alert+"/resolve", map[string]any{"version": a.Version}).want(422)
	guard.do("POST", alert+"/resolve", map[string]any{"version": a.Version, "comment": "a parent"}).want(200).into(&a)
	var rows struct{ Items []alerts.AlertRow }
	guard.do("GET", "/v1/alerts?state=open,acknowledged", nil).want(200).into(&rows)
	if len(rows.Items) != 0 {
		t.Errorf("got %v still open, want none", rows.Items)
	}
	guard.do("GET", "/v1/alerts?state=open,lost", nil).want(422)

	incident := "/v1/incidents/" + w.ids["incident"]
	var i g.Incident
	guard.do("POST", incident+"/steps/0", nil).want(200).into(&i)
	if !i.Steps[0].Done {
		t.Errorf("got %+v, want the step done", i)
	}
	guard.do("POST", incident+"/steps/9", nil).want(422)
	guard.do("POST", incident+"/approval", map[string]any{"version": i.Version, "approve": true}).want(403)
	admin.do("POST", incident+"/approval",
		map[string]any{"version": i.Version, "approve": true, "comment": "yes"}).want(200).into(&i)
	if i.Handover.Approval != "approved" || i.Handover.Sent ||
		!strings.Contains(i.Handover.Note, "off") {
		t.Errorf("got %+v, want it approved, not sent, and said why", i.Handover)
	}
	_, secret, err := w.reg.In(adminScope(w.a)).Access.CreateKey(t.Context(),
		g.APIKey{
			School:      w.a.ID,
			Name:        "robot",
			Purpose:     "a test asks",
			Permissions: []g.Permission{g.IncidentsApprove},
			Expires:     soon(),
		})
	mustDo(t, err)
	program := w.nobody()
	program.key = secret
	program.do("POST", incident+"/approval", map[string]any{"version": i.Version, "approve": true}).want(403)
}
