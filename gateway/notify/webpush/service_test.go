package webpush_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/webpush"
)

// service starts npm's web-push-testing and returns its address.
func service(t *testing.T) string {
	t.Helper()
	const dir = "testdata/npm"
	if _, err := os.Stat(dir + "/node_modules/web-push-testing"); err != nil {
		t.Skip("npm's web-push-testing is not installed; make test installs it, or npm ci in " +
			"gateway/notify/webpush/testdata/npm")
	}
	if _, err := os.Stat(dir + "/service.mjs"); err != nil { // makes cached test results depend on the script
		t.Fatal(err)
	}
	js := exec.CommandContext(t.Context(), "node", "--no-deprecation", "service.mjs")
	js.Dir = dir
	out, err := js.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := js.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = js.Wait() }) // it is killed when the test's context ends
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + strings.TrimSpace(port)
}

// ask posts to the service and reads what it answers under data into out.
func ask(t *testing.T, at string, body, out any) {
	t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(at, "application/json", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %s", at, resp.Status)
	}
	if out == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(&struct{ Data any }{out}); err != nil {
		t.Fatal(err)
	}
}

// A push service that we did not write decrypts a letter, finds it signed by the key that the browser
// subscribed with, refuses another key's, and says when the subscription has ended.
func TestAgainstAPushService(t *testing.T) {
	at := service(t)
	open := func() (*webpush.Channel, string) {
		s := post.Settings{
			Values:  map[string]string{"contact": "it@school.example"},
			Secrets: map[string]string{},
			Private: true,
		}
		if err := webpush.Kind().Make(s); err != nil {
			t.Fatal(err)
		}
		c, err := webpush.Open(s)
		if err != nil {
			t.Fatal(err)
		}
		return c, s.Values["public_key"]
	}
	c, key := open()
	var to struct {
		Endpoint   string            `json:"endpoint"`
		Keys       map[string]string `json:"keys"`
		ClientHash string            `json:"-"`
	}
	var raw map[string]any
	// the words of its form: a boolean is refused
	ask(t, at+"/subscribe", map[string]string{"userVisibleOnly": "true", "applicationServerKey": key}, &raw)
	to.Endpoint, to.ClientHash = fmt.Sprint(raw["endpoint"]), fmt.Sprint(raw["clientHash"])
	to.Keys = map[string]string{}
	for name, value := range raw["keys"].(map[string]any) {
		to.Keys[name] = fmt.Sprint(value)
	}
	subscription, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	letter := post.Letter{
		ID:      "msg_1-2",
		To:      string(subscription),
		Subject: "着火",
		Text:    "实验室着火，请立即撤离。",
		Link:    "https://gate.example/m/take/x",
		Urgent:  true,
		Now:     time.Now(),
	}
	if out := c.Send(t.Context(), letter); out.Err != nil {
		t.Fatalf("got %+v, want it taken", out)
	}
	var got struct{ Messages []string }
	ask(t, at+"/get-notifications", map[string]string{"clientHash": to.ClientHash}, &got)
	want := `{"body":"实验室着火，请立即撤离。","id":"msg_1-2","link":"https://gate.example/m/take/x",` +
		`"title":"着火","urgent":true}`
	if len(got.Messages) != 1 || got.Messages[0] != want {
		t.Errorf("the browser would read %q, want %s", got.Messages, want)
	}
	other, _ := open()
	if out := other.Send(t.Context(), letter); out.Verdict != post.Refused || out.Err == nil {
		t.Errorf("signed by another key: got %+v, want it refused", out)
	}
	ask(t, at+"/expire-subscription/"+to.ClientHash, struct{}{}, nil)
	if out := c.Send(t.Context(), letter); out.Verdict != post.Lost {
		t.Errorf("after the subscription ended: got %+v, want the address forgotten", out)
	}
}
