package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// smsCentre counts the texts to each number.
type smsCentre struct {
	mu   sync.Mutex
	came map[string]int
}

func (c *smsCentre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var x struct{ To string }
	if err := json.NewDecoder(r.Body).Decode(&x); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came[x.To]++
	io.WriteString(w, `{"id":"peer"}`)
}

// told counts the numbers that got one text, and those that got more.
func (c *smsCentre) told() (once, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.came {
		if n == 1 {
			once++
		} else {
			more++
		}
	}
	return once, more
}

// told counts the addresses that got one letter, and those that got more.
func (m *mailbox) told(prefix string) (once, more int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for to, all := range m.came {
		switch {
		case !strings.HasPrefix(to, prefix):
		case len(all) == 1:
			once++
		default:
			more++
		}
	}
	return once, more
}

// ask sends a request with the school's key and decodes the answer.
func ask[T any](w *watched, method, path string, body any) (out T) {
	w.t.Helper()
	resp := w.school.send(w.t, method, w.a.URL()+path, body, nil)
	b, err := io.ReadAll(resp.Body)
	ok(w.t, err)
	if resp.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %s %s", method, path, resp.Status, b)
	}
	ok(w.t, json.Unmarshal(b, &out))
	return out
}

// guardians adds people with a mail address, of which every tenth takes nothing, and a telephone.
func (w *watched) guardians(n int) {
	w.t.Helper()
	v := w.view()
	for i := range n {
		p, err := v.People.Create(w.t.Context(), g.Person{
			School: killSchool,
			Kind:   g.Guardian,
			Name:   fmt.Sprintf("Guardian %d", i),
		})
		ok(w.t, err)
		name := "g"
		if i%10 == 0 {
			name = "gone"
		}
		ok(w.t, v.Messages.PutPersonContact(w.t.Context(), p.ID, messages.Contact{
			Wishes: messages.Wishes{Opted: true},
			Addresses: []messages.ContactAddress{
				{Way: messages.Email, Value: fmt.Sprintf("%s-%d@home.example", name, i)},
				{Way: messages.SMS, Value: fmt.Sprint(13_800_000_000 + i)},
			},
		}))
	}
}

var readLink = regexp.MustCompile(`http://[0-9.:]+(/m/[A-Za-z0-9_-]+)`)

// A broadcast to 3,000 guardians over a mail server that refuses a tenth of them: these get a text.
// 812 say that they have read it; the others are listed, and told once more, by text. An alarm
// meanwhile is told, and nobody is told twice by one channel.
func TestABroadcastIsReadAndSentAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("tells 3,000 people; not with -short")
	}
	t.Parallel()
	const n, reads = 3000, 812
	w := newWatched(t)
	phones := &smsCentre{came: map[string]int{}}
	centre := httptest.NewServer(phones)
	t.Cleanup(centre.Close)
	_, err := w.view().Messages.CreateChannel(t.Context(), messages.Channel{
		School:   killSchool,
		Kind:     "sms",
		Name:     "texts",
		Settings: map[string]string{"style": "signed", "url": centre.URL},
	}, map[string]string{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	ok(t, err)
	w.guardians(n)

	body := map[string]any{
		"audience": map[string]any{"kinds": []string{"guardian"}},
		"subject":  "School closes at noon",
		"text":     "Please collect your child by 12:30.",
	}
	preview := ask[messages.Preview](w, "POST", "/v1/broadcasts/preview", body)
	if preview.Recipients != n || preview.NoAddress != 0 || preview.NotWished != 0 {
		t.Fatalf("the preview: got %+v, want all of them", preview)
	}
	id := ask[struct{ ID string }](w, "POST", "/v1/broadcasts", body).ID
	eventually(t, "the first letters", func() bool { once, _ := w.box.told("g-"); return once > 0 })
	w.fire()
	w.told("usr_lin")
	eventually(t, "everybody to be told", func() bool {
		mails, _ := w.box.told("g-")
		texts, _ := phones.told()
		return mails+texts == n
	})

	letters := map[string]string{}
	w.box.mu.Lock()
	for to, all := range w.box.came {
		if strings.HasPrefix(to, "g-") && len(letters) < reads {
			letters[to] = readLink.FindStringSubmatch(w.box.text[all[0]])[1]
		}
	}
	w.box.mu.Unlock()
	for _, link := range letters {
		w.read(link)
	}
	m := ask[messages.Summary](w, "GET", "/v1/messages/"+id, nil)
	if m.Counts[messages.Read] != reads {
		t.Errorf("got %v, want %d read", m.Counts, reads)
	}
	unread, err := list(t.Context(), w.school, w.a.URL()+"/v1/messages/"+id+"/recipients?unread=true",
		func(messages.Told) bool { return false })
	ok(t, err)
	if len(unread) != n-reads {
		t.Errorf("got %d listed who have not read it, want %d", len(unread), n-reads)
	}

	ask[struct{ ID string }](w, "POST", "/v1/messages/"+id+"/again",
		map[string]any{"steps": []any{map[string]any{"ways": []string{"sms"}}}})
	texts := 0
	eventually(t, "the others to be told by text", func() bool {
		once, more := phones.told()
		texts = once + 2*more
		return texts >= n-reads+n/10
	})
	once, more := phones.told()
	if texts != n-reads+n/10 || more != n/10 || once != n-reads-n/10 {
		t.Errorf("got %d texts: %d numbers told once and %d twice, want %d and %d (whose mail was refused)",
			texts, once, more, n-reads-n/10, n/10)
	}
	if mails, more := w.box.told("g-"); mails != n-n/10 || more != 0 {
		t.Errorf("got %d told once by mail and %d more often, want %d and none", mails, more, n-n/10)
	}
	for to := range letters {
		number := fmt.Sprint(13_800_000_000 + numberOf(t, to))
		if phones.count(number) != 0 {
			t.Fatalf("%s has read it and got a text", to)
		}
	}
}

func numberOf(t *testing.T, to string) (n int) {
	t.Helper()
	_, err := fmt.Sscanf(to, "g-%d", &n)
	ok(t, err)
	return n
}

func (c *smsCentre) count(number string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.came[number] + c.came["+86"+number]
}

// read says on a phone that the letter was read, as soon as the address has requests left.
func (w *watched) read(link string) {
	w.t.Helper()
	eventually(w.t, "the gateway to take requests", func() bool {
		resp, err := http.PostForm(w.a.URL()+link, url.Values{})
		ok(w.t, err)
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusTooManyRequests {
			b, _ := io.ReadAll(resp.Body)
			w.t.Fatalf("read by the link: got %s: %.200s", resp.Status, b)
		}
		return resp.StatusCode == http.StatusOK
	})
}
