package victoria

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/prometheus/common/model"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
)

const maxForm = 128 << 10 // bytes of a posted form

// Handler answers the Prometheus HTTP API below prefix for a caller who may see the allowed
// schools, by asking the server. The caller has authenticated the request; nothing of its
// headers goes on.
func (s *Store) Handler(prefix string, allowed telemetry.Allowed) http.Handler {
	mux := http.NewServeMux()
	both := func(path string, f http.HandlerFunc) {
		mux.HandleFunc("GET "+prefix+path, f)
		mux.HandleFunc("POST "+prefix+path, f)
	}
	for _, path := range []string{
		"/query", "/query_range", "/labels", "/series", "/label/{name}/values",
	} {
		both(path, func(w http.ResponseWriter, r *http.Request) {
			path := path
			if name := r.PathValue("name"); name != "" {
				if !model.LegacyValidation.IsValidLabelName(name) {
					telemetry.Answer(w, nil, g.FieldErrorf("label", "%q is no label name", name))
					return
				}
				path = "/label/" + name + "/values"
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				telemetry.Answer(w, nil, g.Errorf(g.Invalid, "%s", err))
				return
			}
			form, err := allowed.Confine(path, r.Form)
			if err != nil {
				telemetry.Answer(w, nil, err)
				return
			}
			ctx, cancel := context.WithTimeout(r.Context(), s.o.Timeout)
			defer cancel()
			s.ask(
				w,
				r.WithContext(ctx),
				path,
				form,
				allowed,
			)
		})
	}
	for path, empty := range telemetry.Empty() {
		both(path, func(w http.ResponseWriter, _ *http.Request) { telemetry.Answer(w, empty, nil) })
	}
	return mux
}

// ask sends a confined request and hands the server's answer on as it comes.
func (s *Store) ask(
	w http.ResponseWriter, r *http.Request, path string, form url.Values, allowed telemetry.Allowed,
) {
	if by := allowed.Selector(); by != "" {
		form.Set("extra_filters[]", by)
	}
	if strings.HasPrefix(path, "/query") {
		form.Set("nocache", "1") // else the newest values and the ends of ranges are moved
		form.Set("max_lookback", fmt.Sprintf("%ds", int(telemetry.Lookback.Seconds())))
	} else if form.Get("start") == "" {
		form.Set("start", "0") // else it looks at the last minutes only
	}
	to := s.base.JoinPath("/api/v1", path)
	body := form.Encode()
	proxy := httputil.ReverseProxy{
		Transport: s.client.Transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Method, p.Out.URL, p.Out.Host = http.MethodPost, to, to.Host
			p.Out.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			p.Out.Body, p.Out.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(
				body))
			s.authorise(p.Out)
		},
		ModifyResponse: accept,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if g.ErrorCode(err) == "" && !errors.Is(err, context.Canceled) {
				s.log.Warn("the telemetry server does not answer", "error", unwrapURL(err))
				err = g.Errorf(g.Unavailable,
					"the telemetry server does not answer; try again, or ask whoever runs it")
			}
			telemetry.Answer(w, nil, err)
		},
	}
	proxy.ServeHTTP(w, r)
}

// accept lets an answer of the API through, without the server's own headers. What the server says
// against a query becomes the caller's error; any other status means that the server is in trouble.
func accept(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		resp.Header = http.Header{"Content-Type": {"application/json"}}
		return nil
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		var said struct {
			Error string `json:"error"`
		}
		err := json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&said)
		resp.Body.Close()
		if err == nil && said.Error != "" {
			return g.Errorf(g.Invalid, "%s", said.Error)
		}
	}
	return errors.New(resp.Status)
}
