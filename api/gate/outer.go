package gate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gatehouse-iot/gatehouse/api/texts"
)

type ctxKey int

const (
	keyAsked ctxKey = iota
	keyCaller
	keyRequest
	keyBody
)

// asked is what every answer to a request needs to know of it.
type asked struct {
	id       string
	language string // the header Accept-Language
}

// RequestID is the request's id, "" outside of one.
func RequestID(ctx context.Context) string {
	a, _ := ctx.Value(keyAsked).(asked)
	return a.id
}

// LanguageOf is the language in which the caller is answered, English outside of a request.
func LanguageOf(ctx context.Context) texts.Language {
	a, _ := ctx.Value(keyAsked).(asked)
	return texts.Accept(a.language)
}

// contentPolicy lets the console run from the gateway alone. Inline styles are allowed since
// the console's component library writes some; inline scripts are not.
const contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; " +
	"media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// outer is around every request: id, security headers, panics caught, one line in the log.
// The log has the path without the query, which may hold names.
func (gt *Gate) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !plainID(id) {
			var b [8]byte
			rand.Read(b[:])
			id = hex.EncodeToString(b[:])
		}
		r = r.WithContext(context.WithValue(r.Context(), keyAsked,
			asked{id, r.Header.Get("Accept-Language")}))
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if gt.opt.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			h.Set("Cache-Control", "no-store")
		}
		began := gt.now()
		rec := &recorder{ResponseWriter: w}
		late := wait(w, r)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				gt.log.ErrorContext(r.Context(), "request panicked", "request_id", id, "path",
					loggedPath(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					refuse(rec, fault(r.Context()))
				}
			}
			late.end()
			rec.finish()
			log := gt.log.DebugContext
			if rec.status >= 500 || r.Method != http.MethodGet && r.Method != http.MethodHead {
				log = gt.log.InfoContext
			}
			log(r.Context(), "request", "request_id", id, "method", r.Method, "path",
				loggedPath(r.URL.Path),
				"status", rec.status, "bytes", rec.bytes,
				"ms", gt.now().Sub(began).Milliseconds(), "remote", gt.Remote(r))
		}()
		next.ServeHTTP(rec, r)
	})
}

// signedPaths are those whose rest is a secret: whoever has such a link may use it.
var signedPaths = []string{"/take/", "/m/out/", "/m/reports/", "/m/", "/visit/at/", "/visit/for/", "/visit/",
	"/family/", "/leave/for/"}

// loggedPath is a request's path as the log may keep it.
func loggedPath(path string) string {
	for _, p := range signedPaths {
		if strings.HasPrefix(path, p) {
			return p + "…"
		}
	}
	return path
}

func plainID(id string) bool {
	return id != "" && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' ||
			r == '_')
	}) < 0
}

// Remote is the caller's address. Behind a trusted proxy it is the last entry of
// X-Forwarded-For, the one that the proxy itself wrote.
func (gt *Gate) Remote(r *http.Request) string {
	if gt.opt.Proxied {
		if all := r.Header.Values("X-Forwarded-For"); len(all) > 0 {
			parts := strings.Split(all[len(all)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(parts[len(parts)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// recorder notes what was answered, for the log, and limits how long a slow caller may take.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	own    bool // the handler sets deadlines itself
}

// Unwrap gives http.ResponseController the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
