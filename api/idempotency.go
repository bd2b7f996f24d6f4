package api

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of the idempotency store.
const (
	idemFor   = 24 * time.Hour
	idemMax   = 10_000    // keys
	idemBytes = 64 << 20  // of answers, over all keys
	idemOne   = 256 << 10 // of one answer; a larger one is not kept, and its key is forgotten
	idemKey   = 255       // bytes of a key
)

// idempotency keeps the answers to POSTs that carried an Idempotency-Key, for 24 h or until
// the bounds push the oldest out or the gateway restarts. Only success is kept: after an
// error the same key tries again.
type idempotency struct {
	mu    sync.Mutex
	by    map[string]*list.Element
	order *list.List // of *idemEntry, the newest first
	bytes int
}

type idemEntry struct {
	key    string
	hash   [sha256.Size]byte // of the request
	at     time.Time
	done   bool
	status int
	header http.Header
	body   []byte
}

func newIdempotency() *idempotency {
	return &idempotency{by: map[string]*list.Element{}, order: list.New()}
}

// begin finds the answer kept under key, or reserves the key where there is none.
func (i *idempotency) begin(key string, hash [sha256.Size]byte, now time.Time) (*idemEntry, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for e := i.order.Back(); e != nil && now.Sub(e.Value.(*idemEntry).at) > idemFor; e = i.order.Back() {
		i.remove(e)
	}
	if e, ok := i.by[key]; ok {
		entry := e.Value.(*idemEntry)
		switch {
		case entry.hash != hash:
			return nil, g.Errorf(g.Conflict, "this Idempotency-Key was used with another request; use a new key for a new request")
		case !entry.done:
			return nil, g.Errorf(g.Conflict, "the first request with this Idempotency-Key is still under way; try again shortly")
		}
		return entry, nil
	}
	i.by[key] = i.order.PushFront(&idemEntry{key: key, hash: hash, at: now})
	for i.order.Len() > idemMax {
		i.remove(i.order.Back())
	}
	return nil, nil
}

// end keeps the answer, or frees the key where there is nothing to keep.
func (i *idempotency) end(key string, c *capture) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, ok := i.by[key]
	if !ok {
		return
	}
	if c.status < 200 || c.status > 299 || c.over {
		i.remove(e)
		return
	}
	entry := e.Value.(*idemEntry)
	entry.done, entry.status, entry.body = true, c.status, c.body.Bytes()
	entry.header = http.Header{}
	for _, name := range []string{"Content-Type", "Location"} {
		if v := c.Header().Get(name); v != "" {
			entry.header.Set(name, v)
		}
	}
	i.bytes += len(entry.body)
	for i.bytes > idemBytes {
		i.remove(i.order.Back())
	}
}

func (i *idempotency) remove(e *list.Element) {
	entry := i.order.Remove(e).(*idemEntry)
	delete(i.by, entry.key)
	i.bytes -= len(entry.body)
}

// capture copies an answer on its way out.
type capture struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	over   bool
}

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *capture) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if c.body.Len()+len(b) > idemOne {
		c.over = true
	} else if !c.over {
		c.body.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer below.
func (c *capture) Unwrap() http.ResponseWriter { return c.ResponseWriter }
