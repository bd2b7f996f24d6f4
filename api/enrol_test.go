package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/api/places"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	regpeople "github.com/gatehouse-iot/gatehouse/registry/people"
)

type countingFaces struct{ n *atomic.Int64 }

func (f countingFaces) Enrol(ctx context.Context, photo []byte) (deeds.Portrait, error) {
	f.n.Add(1)
	return faces{}.Enrol(ctx, photo)
}

// No template is computed of the face of somebody who has not consented, or is not there, or
// whom the caller may not enrol.
func TestNoTemplateWithoutConsent(t *testing.T) {
	var n atomic.Int64
	w := newWorld(t, func(d *api.Deps) { d.Faces = countingFaces{&n} }).schools()
	admin, stranger := w.user(w.a, g.RoleAdmin), w.user(w.b, g.RoleAdmin)
	send := func(c *client, id string, want int) {
		t.Helper()
		c.do("POST", "/v1/people/"+id+"/face", picture(), "Content-Type", "image/jpeg").want(want)
		if got := n.Swap(0); got != 0 {
			t.Errorf("%s: %d face templates were computed before the request was refused", id, got)
		}
	}
	send(admin, w.ids["student"], 403)
	send(admin, "per_nobody", 404)
	send(stranger, w.ids["student"], 404)
}

// A guard's browser goes away while a stranger is enrolled: all of it happens, or nothing.
func TestEnrolmentIsOneDeed(t *testing.T) {
	w := newWorld(t).schools()
	guard := w.user(w.a, g.RoleSecurity)
	ctx, leave := context.WithCancel(t.Context())
	over := make(chan struct{})
	cancel := w.reg.Subscribe(func(c registry.Change) {
		if c.Kind == change.Person {
			leave()
			<-over // the browser is gone before anything else is done
		}
	})
	defer cancel()
	body := `{"name":"Left Behind","consent":{"by":"self","note":"asked at the gate"}}`
	r, err := http.NewRequestWithContext(ctx, "POST", w.url+"/v1/alerts/"+w.ids["alert"]+"/enrol",
		strings.NewReader(body))
	mustDo(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Gatehouse-CSRF", guard.csrf)
	r.AddCookie(guard.cookie)
	_, err = http.DefaultClient.Do(r)
	close(over)
	if err == nil {
		t.Error("the browser got an answer, want it gone")
	}
	rows, _, err := w.system().People.List(t.Context(),
		regpeople.Filter{School: w.a.ID, Query: "Left Behind"})
	mustDo(t, err)
	if len(rows) != 1 || !rows[0].Face || !rows[0].Consent {
		t.Errorf("got %+v, want one visitor with consent and face", rows)
	}
	// A failure halfway leaves no new person.
	guard.do("POST", "/v1/alerts/"+w.ids["alert"]+"/enrol",
		map[string]any{
			"name":    "Nobody At All",
			"consent": map[string]string{"by": strings.Repeat("x", 120)},
		}).want(422)
	rows, _, err = w.system().People.List(t.Context(),
		regpeople.Filter{School: w.a.ID, Query: "Nobody At All"})
	mustDo(t, err)
	if len(rows) != 0 {
		t.Errorf("got %+v, want nobody", rows)
	}
}

// The stranger's own face is enrolled, as the track measured it: no photograph is looked at.
func TestEnrolTakesTheTracksFace(t *testing.T) {
	var n atomic.Int64
	w := newWorld(t, func(d *api.Deps) { d.Faces = countingFaces{&n} }).schools()
	guard := w.user(w.a, g.RoleSecurity)
	guard.do("POST", "/v1/alerts/"+w.ids["alert"]+"/enrol",
		map[string]any{"name": "Wu Gang", "consent": map[string]string{"by": "self"}}).want(201)
	templates, err := w.system().People.Templates(t.Context(), w.a.ID)
	mustDo(t, err)
	if len(templates) != 1 || templates[0].Embedding[1] != 1 || n.Load() != 0 {
		t.Errorf("got %d templates and %d photographs looked at, want the track's face alone",
			len(templates), n.Load())
	}
}

// A face that is unlike the person's others, or like somebody else's, is asked about; what is
// answered is kept.
func TestEnrolmentAsks(t *testing.T) {
	var l deeds.Likeness
	w := newWorld(t, func(d *api.Deps) {
		d.Compare = func(context.Context, g.SchoolID, g.PersonID, deeds.TrackFace) (deeds.Likeness, error) {
			return l, nil
		}
	}).schools()
	admin := w.user(w.a, g.RoleAdmin)
	path := "/v1/people/" + w.ids["student"]
	admin.do("POST", path+"/consent", map[string]any{"given": true, "by": "mother"}).want(204)
	send := func(answers string, want int) reply {
		t.Helper()
		return admin.do("POST", path+"/face"+answers, picture(), "Content-Type", "image/jpeg").want(
			want)
	}
	l = deeds.Likeness{Own: -1, Other: g.PersonID(w.ids["visitor"]), Score: 0.39} // not alike
	send("", 201)
	l = deeds.Likeness{
		Enrolled: true,
		Own:      0.1,
		Unlike:   true,
		Other:    g.PersonID(w.ids["visitor"]),
		Score:    0.9,
		Alike:    true,
	}
	p := send("", 409).problem()
	if p.Code != gate.Confirm || len(p.Questions) != 2 ||
		p.Questions[0].Ask != deeds.AskUnlikeOwn || p.Questions[1].Ask != deeds.AskLikeOther ||
		p.Questions[1].Name == "" {
		t.Fatalf("got %+v, want both questions, with the name of whom it looks like", p)
	}
	if p = send("?answers=look_alike", 409).problem(); len(p.Questions) != 1 ||
		p.Questions[0].Ask != deeds.AskUnlikeOwn {
		t.Errorf("got %+v, want the question that is open", p)
	}
	send("?answers=nonsense", 422)
	send("?answers=look_alike,replace", 201)
	templates, err := w.system().People.Templates(t.Context(), w.a.ID)
	mustDo(t, err)
	if len(templates) != 1 ||
		!slices.Equal(templates[0].Alike, []g.PersonID{g.PersonID(w.ids["visitor"])}) {
		t.Errorf("got %+v, want the new template alone, with its look-alike", templates)
	}
	var log struct{ Items []g.AuditEntry }
	admin.do("GET", "/v1/audit?deed=face.enrol", nil).want(200).into(&log)
	if len(log.Items) != 2 ||
		!strings.HasSuffix(log.Items[0].Object,
			"answered unlike_own: replace, like_other: look_alike") {
		t.Errorf("got %+v, want the answers in the audit log", log.Items)
	}
}

// coveredFaces reports these parts of every face as covered.
type coveredFaces struct{ parts []string }

func (f coveredFaces) Enrol(ctx context.Context, photo []byte) (deeds.Portrait, error) {
	p, err := faces{}.Enrol(ctx, photo)
	p.Covered = f.parts
	return p, err
}

// A mouth or eyes that seem to be covered are asked about; the answer is kept.
func TestEnrolmentAsksAboutMasks(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Faces = coveredFaces{[]string{"mouth", "eyes"}}
	}).schools()
	admin := w.user(w.a, g.RoleAdmin)
	path := "/v1/people/" + w.ids["student"]
	admin.do("POST", path+"/consent", map[string]any{"given": true, "by": "mother"}).want(204)
	send := func(answers string, want int) reply {
		t.Helper()
		return admin.do("POST", path+"/face"+answers, picture(), "Content-Type", "image/jpeg").want(
			want)
	}
	p := send("", 409).problem()
	if p.Code != gate.Confirm || len(p.Questions) != 2 ||
		p.Questions[0].Ask != deeds.AskMouthCovered ||
		p.Questions[1].Ask != deeds.AskEyesCovered {
		t.Fatalf("got %+v, want both questions", p)
	}
	send("?answers=same_person", 409)
	send("?answers=as_it_is", 201)
	var log struct{ Items []g.AuditEntry }
	admin.do("GET", "/v1/audit?deed=face.enrol", nil).want(200).into(&log)
	if len(log.Items) != 1 ||
		!strings.HasSuffix(log.Items[0].Object,
			"answered mouth_covered: as_it_is, eyes_covered: as_it_is") {
		t.Errorf("got %+v, want the answers in the audit log", log.Items)
	}
}

func TestPicturesLiveForHours(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Recorded = func() places.Keeping {
			return places.Keeping{
				Pictures: 24 * time.Hour,
				History:  48 * time.Hour,
				Model:    "test-512",
			}
		}
	}).schools()
	guard, admin := w.user(w.a, g.RoleSecurity), w.user(w.a, g.RoleAdmin)
	path := "/v1/alerts/" + w.ids["alert"] + "/picture"
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	guard.do("PUT", path, map[string]string{"reason": ".", "until": in(time.Hour)}).want(422)
	guard.do("PUT", path,
		map[string]string{"reason": "for the police", "until": in(91 * 24 * time.Hour)}).want(422)
	guard.do("PUT", path, map[string]string{"reason": "for the police", "until": in(-time.Hour)}).want(422)
	guard.do("PUT", path,
		map[string]string{"reason": "for the police", "until": in(48 * time.Hour)}).want(200)
	var row alerts.AlertRow
	guard.do("GET", "/v1/alerts/"+w.ids["alert"], nil).want(200).into(&row)
	if row.PictureUntil.IsZero() {
		t.Error("the alert does not say until when its picture is kept")
	}
	var facts places.RecordedFacts
	guard.do("GET", "/v1/recorded", nil).want(200).into(&facts)
	if !facts.Pictures || facts.PictureHours != 24 || facts.Kept != 1 || facts.HistoryDays != 2 ||
		facts.Model != "test-512" {
		t.Errorf("got %+v, want what is recorded", facts)
	}
	guard.do("PUT", "/v1/recorded",
		map[string]any{"pictures_of_unknowns": false, "reason": "parents' council"}).want(403)
	admin.do("PUT", "/v1/recorded",
		map[string]any{"pictures_of_unknowns": false, "reason": "parents' council"}).want(200).into(&facts)
	if facts.Pictures {
		t.Error("pictures are still on")
	}
	guard.do("GET", "/v1/media/med_1", nil).want(404)
	guard.do("DELETE", path, nil).want(422)
	guard.do("DELETE", path+"?reason=it+was+a+pupil", nil).want(204)
	guard.do("DELETE", path+"?reason=it+was+a+pupil", nil).want(404)
	for _, deed := range []string{"picture.keep", "picture.delete", "setting.put"} {
		var log struct{ Items []g.AuditEntry }
		admin.do("GET", "/v1/audit?deed="+deed, nil).want(200).into(&log)
		if len(log.Items) != 1 || log.Items[0].Reason == "" {
			t.Errorf("%s: got %+v, want one entry with its reason", deed, log.Items)
		}
	}
}
