package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-iot/gatehouse/api/texts"
)

// maxRule limits the text of a rule that is sent, and maxRules an answer.
const (
	maxRule  = 1 << 20
	maxRules = 16 << 20
)

// Rules asks the gateway that runs on dir about its rules, and decodes the answer into out. Errors
// are in the language l; ErrNotRunning says that none runs.
func Rules(
	ctx context.Context, dir, deed string, q url.Values, body string, l texts.Language, out any,
) error {
	resp, err := send(
		ctx,
		dir,
		"/rules/"+deed+"?"+q.Encode(),
		strings.NewReader(body),
		l,
	)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRules))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return errors.New(strings.TrimSpace(string(b)))
	}
	return json.Unmarshal(b, out)
}

// rules answers the command line about the rules.
func (s *Server) rules(w http.ResponseWriter, r *http.Request) {
	l := texts.Accept(r.Header.Get("Accept-Language"))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRule))
	if err == nil {
		var out any
		if out, err = s.Rules(r.Context(), r.PathValue("deed"), r.URL.Query(), body); err == nil {
			_ = json.NewEncoder(w).Encode(out) // a caller who is gone needs no answer
			return
		}
	}
	http.Error(w, l.Error(err), http.StatusUnprocessableEntity)
}
