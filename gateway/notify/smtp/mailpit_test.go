package smtp_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
)

// Against mailpit, which makes trouble on demand. GATEHOUSE_MAILPIT is its program; make soak builds it.
func TestMailpit(t *testing.T) {
	program := os.Getenv("GATEHOUSE_MAILPIT")
	if program == "" {
		t.Skip("GATEHOUSE_MAILPIT names no mailpit")
	}
	web, mail := freePort(t), freePort(t)
	cmd := exec.CommandContext(t.Context(), program, "--listen", "127.0.0.1:"+web, "--smtp", "127.0.0.1:"+mail,
		"--enable-chaos", "--database", t.TempDir()+"/mail.db")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for _, port := range []string{web, mail} {
		answers(t, "127.0.0.1:"+port)
	}
	c, err := smtp.Open(post.Settings{Values: map[string]string{
		"host":     "127.0.0.1",
		"port":     mail,
		"security": "none",
		"from":     "gate@school.example",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		chaos   string
		verdict post.Verdict
		code    string
	}{
		{`{}`, post.Taken, "smtp 250"},
		{`{"Recipient":{"ErrorCode":451,"Probability":100}}`, post.Later, "smtp 451"},
		{`{"Sender":{"ErrorCode":451,"Probability":100}}`, post.Away, "smtp 451"},
		{`{}`, post.Taken, "smtp 250"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1:"+web+"/api/v1/chaos",
			strings.NewReader(x.chaos))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %v, %v, want the trouble set", x.chaos, resp, err)
		}
		resp.Body.Close()
		out := c.Send(t.Context(), letter())
		if out.Verdict != x.verdict || out.Code != x.code || (out.Err == nil) != (x.verdict == post.Taken) {
			t.Errorf("%s: got %+v, want %s and verdict %d", x.chaos, out, x.code, x.verdict)
		}
	}
}

// answers waits until somebody listens at an address, at most half a minute.
func answers(t *testing.T, address string) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v, want somebody who listens", address, err)
		}
		<-tick.C
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
}
