package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// How long a browser may use a file without asking again.
const (
	cacheForever = "public, max-age=31536000, immutable" // its name carries a hash of what is in it
	// asks each time; 304 while it is the same
	cacheAsk = "no-cache"
)

// static is a file that is the same for everybody, ready to be sent: as it is, and as gzip if that
// is at least a tenth smaller.
type static struct {
	kind, cache string
	plain, gzip []byte
	tag         string // of the plain form, without quotes
}

// newStatic keeps b, which must not change afterwards.
func newStatic(kind, cache string, b []byte) *static {
	sum := sha256.Sum256(b)
	f := &static{
		kind:  kind,
		cache: cache,
		plain: b,
		tag:   hex.EncodeToString(sum[:12]),
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return f
	}
	if _, err := z.Write(b); err != nil || z.Close() != nil {
		return f
	}
	if packed.Len() < len(b)*9/10 {
		f.gzip = packed.Bytes()
	}
	return f
}

// ServeHTTP sends the file, or 304 where the browser has it (RFC 9110, sections 8.8.3, 12.5.3
// and 13.1.2).
func (f *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	b, tag := f.plain, `"`+f.tag+`"`
	if f.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			b, tag = f.gzip, `"`+f.tag+`-gzip"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", tag)
	if gate.HasTag(r.Header.Values("If-None-Match"), tag) {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method == http.MethodHead {
		return
	}
	w.Write(b)
}

// acceptsGzip says whether a caller takes gzip: it names gzip, or everything, and not with
// the weight 0.
func acceptsGzip(values []string) bool {
	named, star := -1.0, -1.0
	for _, part := range strings.Split(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			parsed, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = parsed
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			named = weight
		case "*":
			star = weight
		}
	}
	if named >= 0 {
		return named > 0
	}
	return star > 0
}

// statics are the built console's files; each is read and compressed when it is first asked for.
type statics struct {
	files fs.FS
	mu    sync.Mutex
	ready map[string]*static
}

// get is a file by its path in the build; nil where there is none.
func (s *statics) get(name string) *static {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.ready[name]; ok {
		return f
	}
	b, err := fs.ReadFile(s.files, name)
	if err != nil {
		return nil // not cached: callers could name any number of files
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = http.DetectContentType(b)
	}
	cache := cacheAsk
	if strings.HasPrefix(name, "assets/") {
		cache = cacheForever
	}
	f := newStatic(kind, cache, b)
	s.ready[name] = f
	return f
}
