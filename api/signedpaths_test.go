package api_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/api"
)

// A link that signs in whoever has it is not in the log, whatever became of the request.
func TestSignedLinksAreNotLogged(t *testing.T) {
	const secret = "a-token-that-whoever-has-it-may-use"
	log := &bytes.Buffer{}
	w := newWorld(t, func(d *api.Deps) {
		d.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	for _, path := range []string{"/take/", "/m/", "/m/out/", "/m/reports/", "/visit/", "/visit/at/", "/visit/for/",
		"/family/", "/leave/for/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequestWithContext(t.Context(), method, w.url+path+secret, nil)
			mustDo(t, err)
			answer, err := http.DefaultClient.Do(r)
			mustDo(t, err)
			mustDo(t, answer.Body.Close())
		}
		if !strings.Contains(log.String(), "path="+path) {
			t.Errorf("no request of %s is in the log: %s", path, log)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("a secret is in the log: %s", log)
	}
}
