package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

func (o *ownSchool) importPeople(t *testing.T) {
	c := o.as(t)
	type report struct {
		Created, Errors int
		Applied         bool
		Lines           []struct {
			Line                 int
			Action, Field, Error string
		}
	}
	wrong := "kind,number,name,class,card,face_consent\nstudent,1001,Ann " +
		"Example,7-1,0001112223,yes\npupil,1002,Bo Example,7-1,,\nstudent,1001,Cy " +
		"Example,7-2,,\nstudent,1004,,7-2,,\nstaff,1005,Di Example,,0001112223,no\n"
	var r report
	c.do("POST", "/v1/people/import?dry_run=true", []byte(wrong), &r)
	if r.Applied || r.Errors != 4 || len(r.Lines) != 5 {
		t.Errorf("got %+v, want 4 errors and nothing done", r)
	}
	for i, want := range []struct{ field, says string }{
		{},
		{"kind", "pupil"},
		{"number", "line 2"},
		{"name", "name"},
		{"card", "line 2"},
	} {
		got := r.Lines[i]
		if got.Line != i+2 || got.Field != want.field || !strings.Contains(got.Error, want.says) ||
			(got.Action == "error") != (want.field != "") {
			t.Errorf("line %d: got %+v, want an error of %q that says %q", i+2, got, want.field,
				want.says)
		}
	}
	if c.do("POST", "/v1/people/import", []byte(wrong), &r); r.Applied {
		t.Error("a file with errors was imported")
	}
	if n := len(list[map[string]any](c, "/v1/people")); n != 0 {
		t.Errorf("got %d people after a dry run and a refused import, want none", n)
	}
	refused(c, "POST", "/v1/people/import", []byte("colour,size\nred,3\n"), 422, "number")
	right := "kind,number,name,class,card,face_consent\nstudent,1001,Ann " +
		"Example,7-1,0001112223,yes\nstudent,1002,Bo Example,7-1,,no\nstaff,1005,Di Example,,,no\n"
	if c.do("POST", "/v1/people/import?dry_run=true", []byte(right), &r); r.Applied ||
		r.Errors != 0 || r.Created != 3 {
		t.Errorf("the dry run: got %+v, want 3 to create", r)
	}
	if c.do("POST", "/v1/people/import", []byte(right), &r); !r.Applied || r.Created != 3 {
		t.Errorf("the import: got %+v, want 3 created", r)
	}
	for _, p := range list[struct {
		ID      g.PersonID
		Number  string
		Consent bool
		Cards   int
	}](c, "/v1/people") {
		o.people[p.Number] = p.ID
		if first := p.Number == "1001"; p.Consent != first || (p.Cards == 1) != first {
			t.Errorf("got %+v, want consent and a card of 1001 alone", p)
		}
	}
	if len(o.people) != 3 {
		t.Errorf("got %v, want three people", o.people)
	}
	refused(c, "GET", "/v1/people/"+string(o.people["1001"]), nil, 422, "reason")
}

func (o *ownSchool) key(t *testing.T) {
	c := o.as(t)
	var made struct {
		Key    g.APIKey
		Secret string
		Curl   string
	}
	c.do("POST", "/v1/keys",
		map[string]any{
			"name":        "timetable",
			"purpose":     "the timetable's room plan",
			"permissions": []g.Permission{g.DevicesRead},
		},
		&made)
	out, err := run(t, o.dir, "", "sh", "-c", strings.Replace(made.Curl, "curl ", "curl -sS ", 1))
	if err != nil || !strings.Contains(out, `"Hillside School"`) {
		t.Errorf("the curl that the console shows: %v\n%s\n%s", err, made.Curl, out)
	}
	program := &client{t: t, base: o.h.url, http: http.DefaultClient, key: made.Secret}
	if n := len(list[deviceRow](program, "/v1/devices")); n < 4 {
		t.Errorf("the key reads %d devices, want those that were added", n)
	}
	refused(program, "GET", "/v1/people", nil, 403, "people:read")
	c.do("DELETE", "/v1/keys/"+string(made.Key.ID), nil, nil)
	refused(program, "GET", "/v1/devices", nil, 401)
}

// webhook vouches for somebody at the gate and finds the event posted, signed as Standard
// Webhooks 1.0 says.
func (o *ownSchool) webhook(t *testing.T) {
	c := o.as(t)
	type post struct {
		header http.Header
		body   []byte
	}
	got := make(chan post, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			select {
			case got <- post{r.Header, b}:
			default:
			}
		}
	}))
	defer server.Close()
	refused(c, "POST", "/v1/webhooks", map[string]any{"url": "ftp://127.0.0.1/x"}, 422, "url",
		"https://")
	var hook struct {
		Webhook g.Webhook
		Secret  string
	}
	c.do("POST", "/v1/webhooks",
		map[string]any{"url": server.URL, "kinds": []g.EventKind{g.EventSighting}}, &hook)
	defer c.do("DELETE", "/v1/webhooks/"+string(hook.Webhook.ID), nil, nil)
	var pass struct{ Seq uint64 }
	c.do("POST", "/v1/sightings/manual",
		map[string]any{
			"person": o.people["1002"],
			"zone":   o.zones["gate"],
			"note":   "forgot the card",
		},
		&pass)
	deadline := time.After(patience)
	for {
		select {
		case p := <-got:
			var e struct {
				SpecVersion string
				Data        g.Event
			}
			if err := json.Unmarshal(p.body, &e); err != nil || e.SpecVersion != "1.0" {
				t.Fatalf("got %s, want a CloudEvent: %v", p.body, err)
			}
			verify(t, hook.Secret, p.header, p.body)
			if e.Data.Seq != pass.Seq {
				continue // the camera's
			}
			if e.Data.Sighting == nil || e.Data.Sighting.Person != o.people["1002"] ||
				e.Data.Sighting.Method != g.ByManual {
				t.Errorf("got %s, want the manual pass", p.body)
			}
			eventually(t, "the delivery is listed", func() (bool, string) {
				_, b := c.status("GET", "/v1/webhooks/"+string(hook.Webhook.ID)+"/deliveries", nil)
				return bytes.Contains(b, []byte(`"status":200`)), string(b)
			})
			return
		case <-deadline:
			t.Fatal("the event was not posted")
		}
	}
}

func verify(t *testing.T, secret string, header http.Header, body []byte) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", header.Get("webhook-id"), header.Get("webhook-timestamp"), body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if got := header.Get("webhook-signature"); got != want {
		t.Errorf("the signature: got %q, want %q", got, want)
	}
}

// alone shows that a school's administrator reaches no further than the school. Where there
// are several, api's tests hold every operation against the administrator of another.
func (o *ownSchool) alone(t *testing.T) {
	c := o.as(t)
	if all := list[g.School](c, "/v1/schools"); len(all) != 1 || all[0].ID != o.school {
		t.Errorf("got schools %+v, want one's own", all)
	}
	refused(c, "POST", "/v1/schools",
		map[string]any{
			"kind":     "school",
			"name":     "Next door",
			"timezone": "Asia/Shanghai",
			"language": "en",
			"parent":   o.school,
		},
		403, "district")
	refused(c, "GET", "/v1/places?school=sch_other", nil, 404)
	refused(c, "GET", "/v1/devices?school=sch_other", nil, 404)
	refused(c, "POST", "/v1/people/import?school=sch_other",
		[]byte("kind,number,name\nstudent,1,X\n"), 404)
	refused(c, "POST", "/v1/users",
		map[string]any{"name": "sly", "password": ownPassword, "role": g.RoleDistrict}, 422,
		"district")
}

// faces enrols the man whom the gate's camera sees, after everything that is refused.
func (o *ownSchool) faces(t *testing.T) {
	c := o.as(t)
	good, err := os.ReadFile(filepath.Join(o.root, ".cache", "media", "franck_02221.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	ann, bo := "/v1/people/"+string(o.people["1001"]), "/v1/people/"+string(o.people["1002"])
	refused(c, "POST", bo+"/face", good, 403, "consent")
	refused(c, "POST", ann+"/face", good[:len(good)/2], 422, "photo", "damaged")
	refused(c, "POST", ann+"/face", []byte("a letter, not a photograph"), 422, "JPEG or PNG")
	refused(c, "POST", ann+"/face", append(bytes.Clone(good), make([]byte, 9<<20)...), 413, "8 MB")
	refused(c, "POST", ann+"/face", plain(t, 8000, 6500), 413, "8000x6500 pixels", "50 million")
	refused(c, "POST", ann+"/face", plain(t, 640, 480), 422, "no face was found")
	refused(c, "POST", ann+"/face", twice(t, good), 422, "2 people")
	refused(c, "POST", "/v1/people/per_none/face", good, 404)

	var pass g.Pass
	c.do("POST", ann+"/face", good, &pass)
	if pass.Method != g.ByFace || pass.Quality < 0.3 || pass.Model == "" {
		t.Errorf("got %+v, want a face with its quality and model", pass)
	}
	var seen []sightingRow
	eventually(t, "the gate's camera recognises the enrolled", func() (bool, string) {
		seen = list[sightingRow](c, "/v1/sightings", "person", string(o.people["1001"]), "reason",
			"a test asks")
		return len(seen) > 0, "nobody yet"
	})
	if m := seen[0].Match; m == nil || seen[0].Method != g.ByFace || seen[0].Seq == 0 {
		t.Errorf("got %+v, want a face with its match and its place in the journal", seen[0])
	} else {
		t.Logf("recognised: score %.3f, runner-up %.3f, margin %.3f", m.Score, m.RunnerUp, m.Margin)
	}
	c.do("POST", ann+"/consent",
		map[string]any{"given": false, "by": "mother", "note": "by letter"}, nil)
	refused(c, "POST", ann+"/face", good, 403, "consent")
}

// plain is a photograph of a wall.
func plain(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = byte(100 + i/width%64)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 7<<20 {
		t.Fatalf("the picture has %d bytes, too many for this test", b.Len())
	}
	return b.Bytes()
}

// twice is a photograph beside itself.
func twice(t *testing.T, photo []byte) []byte {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	size := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, 2*size.Dx(), size.Dy()))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	draw.Draw(out, image.Rect(0, 0, size.Dx(), size.Dy()), m, size.Min, draw.Src)
	draw.Draw(out, image.Rect(size.Dx(), 0, 2*size.Dx(), size.Dy()), m, size.Min, draw.Src)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
