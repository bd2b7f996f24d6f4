package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	cookieName = "gatehouse_session"
	csrfHeader = "X-Gatehouse-CSRF"
	idemHeader = "Idempotency-Key"
)

// caller is who makes a request: somebody signed in, or a program with a key.
type caller struct {
	user  g.User
	key   g.APIKey // ID is empty for people
	scope g.Scope
	token string // of the sign-in; empty for programs
}

// name is what rate limits and streams are counted by.
func (c *caller) name() string {
	if c.key.ID != "" {
		return "key:" + string(c.key.ID)
	}
	return "user:" + string(c.user.ID)
}

// by is the caller as somebody who handles alerts.
func (c *caller) by() g.User {
	if c.key.ID != "" {
		return g.User{
			ID:       g.UserID(c.key.ID),
			School:   c.key.School,
			Name:     c.key.Name,
			FullName: c.key.Name,
			Role:     g.RoleIntegrator,
			Created:  c.key.Created,
		}
	}
	return c.user
}

func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(keyCaller).(*caller)
	if c == nil {
		return &caller{} // the zero Scope: it sees nothing
	}
	return c
}

// requestOf is the request behind a handler's context.
func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(keyRequest).(*http.Request)
	return r
}

// view is the registry as the caller may see it.
func (s *Server) view(ctx context.Context) *registry.View { return s.reg.In(callerOf(ctx).scope) }

// identify finds the caller by bearer key or sign-in cookie. Where both are there the key
// counts, since no browser sends one unasked.
func (s *Server) identify(r *http.Request) (*caller, error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, secret, _ := strings.Cut(auth, " ")
		secret = strings.TrimSpace(secret)
		if !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > 256 {
			return nil, g.Errorf(g.Unauthenticated, "send the key as 'Authorization: Bearer ghk_…'")
		}
		key, scope, err := s.reg.KeyBySecret(r.Context(), secret)
		if err != nil {
			return nil, unauthenticated(err, "the key is wrong, has expired or was revoked")
		}
		return &caller{key: key, scope: scope}, nil
	}
	c, err := r.Cookie(cookieName)
	if err != nil || c.Value == "" || len(c.Value) > 256 {
		return nil, g.Errorf(g.Unauthenticated, "sign in, or send a key as 'Authorization: Bearer ghk_…'")
	}
	user, scope, err := s.reg.UserByToken(r.Context(), c.Value)
	if err != nil {
		return nil, unauthenticated(err, "the sign-in has ended; sign in again")
	}
	return &caller{user: user, scope: scope, token: c.Value}, nil
}

// unauthenticated says why in one way for every credential that is not known, and lets a
// registry that is out of order speak for itself.
func unauthenticated(err error, message string) error {
	switch g.ErrorCode(err) {
	case g.Unauthenticated, g.NotFound, g.Forbidden, g.Invalid:
		return g.Errorf(g.Unauthenticated, "%s", g.Word(message))
	}
	return err
}

// csrf is the value that a signed-in page must send back with every change. It follows from
// the sign-in's token, which no page can read.
func csrf(token string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("gatehouse csrf"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// guard is the gate before an endpoint: who, from where, may they, how often, how much.
func (s *Server) guard(e endpoint, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), keyRequest, r)
		if !safe(r.Method) && s.cross.Check(r) != nil {
			refuse(w, newProblem(ctx, http.StatusForbidden, g.Forbidden, g.Word("this request comes from a page of another site")))
			return
		}
		c, err := s.admit(w, r, e)
		if err != nil {
			refuse(w, s.problem(ctx, err))
			return
		}
		if c != nil {
			ctx = context.WithValue(ctx, keyCaller, c)
		}
		if err := checkQuery(r.URL.RawQuery, e.query); err != nil {
			refuse(w, s.problem(ctx, err))
			return
		}
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, e.maxBody()+1<<10) // the schema's reader refuses at the bound itself; this one ends what has none
		if r.Method == http.MethodPut && e.matching {
			b, err := io.ReadAll(r.Body)
			r = r.WithContext(context.WithValue(ctx, keyBody, b))
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), broken{err})) // the error is for the schema's reader to tell
		}
		if have := r.Header.Values("If-None-Match"); len(have) > 0 && r.Method == http.MethodGet && !e.stream {
			w = &conditional{ResponseWriter: w, have: have}
		}
		if r.Method == http.MethodPost && c != nil && r.Header.Get(idemHeader) != "" && !e.stream {
			s.once(w, r, c, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit identifies the caller and checks rate, forgery and permission. The caller is nil at
// a public endpoint.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, e endpoint) (*caller, error) {
	limit := func(l *limiter, key string) error {
		v := l.allow(key, s.now())
		v.tell(w.Header())
		if !v.ok {
			return g.Errorf(g.RateLimited, "too many requests; try again in %s s", w.Header().Get("Retry-After"))
		}
		return nil
	}
	if e.public {
		if e.strict {
			return nil, limit(s.signIns, s.signInKey(r))
		}
		return nil, limit(s.remotes, s.remote(r))
	}
	c, err := s.identify(r)
	if err != nil {
		if lerr := limit(s.strangers, s.remote(r)); lerr != nil {
			return nil, lerr
		}
		if g.ErrorCode(err) == g.Unauthenticated {
			w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
		}
		return nil, err
	}
	if s.deps.Known != nil {
		s.deps.Known(r.Context())
	}
	vouched(r)
	if err := limit(s.callers, c.name()); err != nil {
		return nil, err
	}
	if c.token != "" && !safe(r.Method) && subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(csrf(c.token))) != 1 {
		return nil, g.Errorf(g.Forbidden, "send the header %s with the value of csrf in GET /v1/me", csrfHeader)
	}
	if e.perm != "" && !c.scope.Can(e.perm) {
		return nil, g.Errorf(g.Forbidden, "this needs the permission %s, which %s does not have", e.perm, cond(c.key.ID != "", g.Word("the key"), g.Word("your role")))
	}
	return c, nil
}

func cond[T any](b bool, yes, no T) T {
	if b {
		return yes
	}
	return no
}

// broken ends a body with the error with which its reading ended.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return 0, io.EOF
}
