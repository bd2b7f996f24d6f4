package gate

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
	CookieName = "gatehouse_session"
	// ScreenCookie holds the key of a guard room's screen, where nobody is signed in.
	ScreenCookie = "gatehouse_screen"

	csrfHeader = "X-Gatehouse-CSRF"
	idemHeader = "Idempotency-Key"
)

// Caller is who makes a request: somebody signed in, or a program with a key.
type Caller struct {
	User  g.User
	Key   g.APIKey // ID is empty for people
	Scope g.Scope
	Token string // of the sign-in; empty for programs
}

// Name is what rate limits and streams are counted by.
func (c *Caller) Name() string {
	if c.Key.ID != "" {
		return "key:" + string(c.Key.ID)
	}
	return "user:" + string(c.User.ID)
}

// By is the caller as somebody who handles alerts.
func (c *Caller) By() g.User {
	if c.Key.ID != "" {
		return g.User{
			ID:       g.UserID(c.Key.ID),
			School:   c.Key.School,
			Name:     c.Key.Name,
			FullName: c.Key.Name,
			Role:     g.RoleIntegrator,
			Created:  c.Key.Created,
		}
	}
	return c.User
}

// CallerOf is who makes the request; outside of a request, or at a public endpoint, a Caller who
// may see nothing.
func CallerOf(ctx context.Context) *Caller {
	c, _ := ctx.Value(keyCaller).(*Caller)
	if c == nil {
		return &Caller{} // the zero Scope: it sees nothing
	}
	return c
}

// RequestOf is the request behind a handler's context.
func RequestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(keyRequest).(*http.Request)
	return r
}

// View is the registry as the caller may see it.
func (gt *Gate) View(ctx context.Context) *registry.View { return gt.reg.In(CallerOf(ctx).Scope) }

// EverySchool refuses callers who do not see every school of the gateway, for what touches all of
// them.
func (gt *Gate) EverySchool(ctx context.Context) error {
	mine, err := gt.View(ctx).Places.Schools(ctx)
	if err != nil {
		return err
	}
	all, err := gt.reg.In(g.SystemScope("api")).Places.Schools(ctx)
	if err != nil {
		return err
	}
	if len(mine) < len(all) {
		return g.Errorf(g.Forbidden,
			"this touches every school of the gateway; ask the district's administrator")
	}
	return nil
}

// Authenticate finds the caller by bearer key or sign-in cookie. Where both are there the key
// counts, since no browser sends one unasked.
func (gt *Gate) Authenticate(r *http.Request) (*Caller, error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		scheme, secret, _ := strings.Cut(auth, " ")
		secret = strings.TrimSpace(secret)
		if !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > 256 {
			return nil, g.Errorf(g.Unauthenticated, "send the key as 'Authorization: Bearer ghk_…'")
		}
		return gt.byKey(r.Context(), secret)
	}
	screen := screenKey(r)
	c, err := r.Cookie(CookieName)
	if err != nil || c.Value == "" || len(c.Value) > 256 {
		if screen != "" {
			return gt.byKey(r.Context(), screen)
		}
		return nil, g.Errorf(g.Unauthenticated,
			"sign in, or send a key as 'Authorization: Bearer ghk_…'")
	}
	user, scope, err := gt.reg.Access.UserByToken(r.Context(), c.Value)
	if g.ErrorCode(err) == g.Unauthenticated && screen != "" {
		return gt.byKey(r.Context(), screen) // somebody was signed in here once
	}
	if err != nil {
		return nil, unauthenticated(err, "the sign-in has ended; sign in again")
	}
	return &Caller{
		User:  user,
		Scope: scope,
		Token: c.Value,
	}, nil
}

// screenKey is the key of a guard room's screen, "" where the browser is none.
func screenKey(r *http.Request) string {
	c, err := r.Cookie(ScreenCookie)
	if err != nil || len(c.Value) > 256 {
		return ""
	}
	return c.Value
}

func (gt *Gate) byKey(ctx context.Context, secret string) (*Caller, error) {
	key, scope, err := gt.reg.Access.KeyBySecret(ctx, secret)
	if err != nil {
		return nil, unauthenticated(err, "the key is wrong, has expired or was revoked")
	}
	return &Caller{
		Key:   key,
		Scope: scope,
	}, nil
}

// unauthenticated returns the same error for every credential that is not accepted, and passes on
// an error of the registry itself.
func unauthenticated(err error, message string) error {
	switch g.ErrorCode(err) {
	case g.Unauthenticated, g.NotFound, g.Forbidden, g.Invalid:
		return g.Errorf(g.Unauthenticated, "%s", g.Word(message))
	}
	return err
}

// CSRF is the value that a signed-in page must send back with every change. It follows from
// the sign-in's token, which no page can read.
func CSRF(token string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("gatehouse csrf"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// guard is the gate before an endpoint: who, from where, may they, how often, how much.
func (gt *Gate) guard(e Endpoint, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), keyRequest, r)
		if !safe(r.Method) && gt.cross.Check(r) != nil {
			refuse(w,
				NewProblem(ctx, http.StatusForbidden, g.Forbidden,
					g.Word("this request comes from a page of another site")))
			return
		}
		c, err := gt.admit(w, r, e)
		if err != nil {
			refuse(w, gt.problem(ctx, err))
			return
		}
		if c != nil {
			ctx = context.WithValue(ctx, keyCaller, c)
		}
		if err := checkQuery(r.URL.RawQuery, e.Query); err != nil {
			refuse(w, gt.problem(ctx, err))
			return
		}
		r = r.WithContext(ctx)
		if e.bodiless && !safe(r.Method) && hasBody(r) {
			refuse(w, gt.problem(ctx, g.Errorf(g.Invalid,
				"this takes no body: what it takes goes into the address, as in ?name=value")))
			return
		}
		// huma refuses a body beyond the limit itself; this limit is for what huma does not read
		r.Body = http.MaxBytesReader(w, r.Body, e.maxBody()+1<<10)
		if r.Method == http.MethodPut && e.Matching {
			b, err := io.ReadAll(r.Body)
			r = r.WithContext(context.WithValue(ctx, keyBody, b))
			// huma's reader reports the error
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), broken{err}))
		}
		if have := r.Header.Values("If-None-Match"); len(have) > 0 && r.Method == http.MethodGet &&
			!e.Stream {
			w = &conditional{
				ResponseWriter: w,
				have:           have,
			}
		}
		if r.Method == http.MethodPost && c != nil && r.Header.Get(idemHeader) != "" && !e.Stream {
			gt.once(w, r, c, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hasBody says whether anything was sent; an empty JSON object says nothing.
func hasBody(r *http.Request) bool {
	if r.Body == nil || r.ContentLength == 0 {
		return false
	}
	var b [8]byte
	n, _ := io.ReadFull(r.Body, b[:])
	said := bytes.TrimSpace(b[:n])
	return len(said) > 0 && string(said) != "{}"
}

// admit identifies the caller and checks rate, forgery and permission. The caller is nil at
// a public endpoint.
func (gt *Gate) admit(w http.ResponseWriter, r *http.Request, e Endpoint) (*Caller, error) {
	limit := func(l *Limiter, key string) error {
		v := l.Allow(key, gt.now())
		v.tell(w.Header())
		if !v.OK {
			return g.Errorf(g.RateLimited, "too many requests; try again in %s s",
				w.Header().Get("Retry-After"))
		}
		return nil
	}
	if e.Public {
		if e.Strict {
			return nil, limit(gt.signIns, gt.signInKey(r))
		}
		return nil, limit(gt.remotes, gt.Remote(r))
	}
	c, err := gt.Authenticate(r)
	if err != nil {
		if lerr := limit(gt.strangers, gt.Remote(r)); lerr != nil {
			return nil, lerr
		}
		if g.ErrorCode(err) == g.Unauthenticated {
			w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
		}
		return nil, err
	}
	if gt.opt.Known != nil {
		gt.opt.Known(r.Context())
	}
	vouched(r)
	if err := limit(gt.callers, c.Name()); err != nil {
		return nil, err
	}
	if c.Token != "" && !safe(r.Method) &&
		subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(CSRF(c.Token))) != 1 {
		return nil, g.Errorf(g.Forbidden,
			"send the header %s with the value of csrf in GET /v1/me", csrfHeader)
	}
	if c.Key.Screen && !e.Screen {
		return nil, g.Errorf(g.Forbidden,
			"a guard room's screen shows the wall, and has nothing else")
	}
	if e.Perm != "" && !c.Scope.Can(e.Perm) {
		return nil, g.Errorf(g.Forbidden, "this needs the permission %s, which %s does not have",
			e.Perm, cond(c.Key.ID != "", g.Word("the key"), g.Word("your role")))
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

// BrowserCookie marks a browser in which somebody has signed in before, so that it is not delayed
// by others' wrong passwords. It signs nobody in.
const BrowserCookie = "gatehouse_browser"

// BrowserOf is the value of BrowserCookie, "" where there is none.
func BrowserOf(r *http.Request) string {
	c, err := r.Cookie(BrowserCookie)
	if err != nil || len(c.Value) > 256 || !strings.HasPrefix(c.Value, "ghb_") {
		return ""
	}
	return c.Value
}

// signInKey is what attempts to sign in are counted by: the browser, where somebody has signed
// in there before, else the address.
func (gt *Gate) signInKey(r *http.Request) string {
	if b := BrowserOf(r); b != "" && gt.reg.Access.KnownBrowser(r.Context(), b) {
		return "browser " + b
	}
	return "address " + gt.Remote(r)
}
