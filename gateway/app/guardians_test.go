package app_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

var (
	hiddenField = regexp.MustCompile(`name="(ask|csrf|c|once)" value="([^"]+)"`)
	leaveLink   = regexp.MustCompile(`http://[0-9.:]+(/leave/for/[A-Za-z0-9_-]+)`)
)

// telephone is somebody's browser.
type telephone struct {
	t    *testing.T
	http *http.Client
	base string
}

// at opens a page, or sends its form, and returns what it says and its hidden fields.
func (p *telephone) at(path string, form url.Values) (body string, fields url.Values) {
	p.t.Helper()
	method, send := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, send = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, send)
	ok(p.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := p.http.Do(r)
	ok(p.t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	ok(p.t, err)
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: got %s: %s", method, path, answer.Status, b)
	}
	fields = url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(string(b), -1) {
		fields.Set(m[1], m[2])
	}
	return string(b), fields
}

// TestAGuardianAsksByLetter: the code comes by mail although the guardian has not agreed to messages; the
// class teacher gets a letter with a link and approves; attendance has the leave, and the guardian a letter.
// A stranger at the gate raises an alert.
func TestAGuardianAsksByLetter(t *testing.T) {
	w := newWatched(t)
	ctx, v := t.Context(), w.view()
	w.employs("usr_chen", g.RoleTeacher)
	mother, err := v.People.Create(ctx, g.Person{School: killSchool, Kind: g.Guardian, Name: "Li Hua"})
	ok(t, err)
	ok(t, v.Messages.PutPersonContact(ctx, mother.ID, messages.Contact{
		Addresses: []messages.ContactAddress{{
			Way:   messages.Email,
			Value: "mother@home.example",
		}},
	}))
	pupil, err := v.People.Create(ctx, g.Person{
		School:   killSchool,
		Kind:     g.Student,
		Name:     "Li Xiaoming",
		Class:    "7-2",
		Guardian: []g.PersonID{mother.ID},
	})
	ok(t, err)
	_, err = v.Leave.SetChain(ctx, g.LeaveChain{
		School: killSchool,
		Classes: []g.ClassTeachers{{
			Class: "7-2",
			Users: []g.UserID{"usr_chen"},
		}},
	})
	ok(t, err)
	page, err := v.Guardians.SetPage(ctx, g.GuardianPage{
		School: killSchool,
		On:     true,
	}, false)
	ok(t, err)
	jar, err := cookiejar.New(nil)
	ok(t, err)
	phone := &telephone{t: t, http: &http.Client{Jar: jar}, base: w.a.URL()}
	path := "/family/" + page.Code
	_, fields := phone.at(path, nil)
	_, fields = phone.at(path, url.Values{"do": {"ask"}, "ask": fields["ask"], "address": {"mother@home.example"}})
	subject, _ := w.told("mother")
	body, fields := phone.at(path, url.Values{
		"do":   {"code"},
		"ask":  fields["ask"],
		"code": {sixDigits.FindString(subject)},
	})
	if !strings.Contains(body, "Li Xiaoming") {
		t.Fatalf("got %s, want the child", body)
	}
	day := w.wall.now().AddDate(0, 0, 2).Format(time.DateOnly)
	phone.at(path, url.Values{
		"do":     {"leave"},
		"csrf":   fields["csrf"],
		"c":      {string(pupil.ID)},
		"once":   fields["once"],
		"from":   {day},
		"to":     {day},
		"kind":   {"sick"},
		"reason": {"has a fever"},
	})
	_, letter := w.told("usr_chen")
	if !strings.Contains(letter, "Li Xiaoming, 7-2") || !strings.Contains(letter, "When: "+day+"\r\n") ||
		strings.Contains(letter, "fever") {
		t.Errorf("got %s, want who and when, and not why", letter)
	}
	teacher := &telephone{t: t, http: &http.Client{}, base: w.a.URL()}
	link := leaveLink.FindStringSubmatch(letter)[1]
	if body, _ = teacher.at(link, nil); !strings.Contains(body, "has a fever") {
		t.Errorf("got %s, want why", body)
	}
	teacher.at(link, url.Values{"do": {"approve"}})
	if subject, _ = w.told("mother"); !strings.Contains(subject, "approved") {
		t.Errorf("got %q, want the guardian told", subject)
	}
	all, err := v.Sessions.LeavesOf(ctx, killSchool, []g.PersonID{pupil.ID}, w.wall.now(), time.Time{})
	if err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v, want the pupil excused", all, err)
	}
	_, err = v.Collect.HandOver(ctx, g.Collected{
		Pupil: pupil.ID,
		CollectedDetails: g.CollectedDetails{
			Name: "Zhao Lei",
			Note: "sent away",
		},
	})
	ok(t, err)
	if subject, _ = w.told("usr_lin"); !strings.Contains(subject, "A stranger wanted to collect a pupil") {
		t.Errorf("got %q, want security told", subject)
	}
}
