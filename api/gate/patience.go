package gate

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long the gateway waits for bytes. Nobody holds a connection by saying nothing; somebody
// who is known may be slow.
const (
	// for the whole body of somebody who has not proved who they are
	strangerBody = 10 * time.Second
	// for what is left of a body that nobody reads, before the answer goes out
	refusedBody = 2 * time.Second
	silentBody  = 20 * time.Second // between two pieces of a known caller's body
	wholeBody   = 15 * time.Minute // for all of it
	slowAnswer  = 30 * time.Second // for the caller to take answerPiece of an answer

	answerPiece = 64 << 10 // bytes
)

// patient is a request's body with deadlines of the socket's clock. It is used by one
// goroutine, the request's.
type patient struct {
	io.ReadCloser
	rc    *http.ResponseController
	began time.Time
	known bool
	over  bool // read to its end, or broken off
}

// wait puts deadlines on the request's body. Where there is none it does nothing.
func wait(w http.ResponseWriter, r *http.Request) *patient {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	p := &patient{ReadCloser: r.Body, rc: http.NewResponseController(w), began: time.Now()}
	r.Body = p
	p.until(p.began.Add(strangerBody))
	return p
}

// until sets the deadline. A writer that knows none, a test's, has no socket to hold.
func (p *patient) until(t time.Time) { _ = p.rc.SetReadDeadline(t) }

// Read implements io.Reader. Who was too slow is told so by errSlow.
func (p *patient) Read(b []byte) (int, error) {
	if p.over {
		return p.ReadCloser.Read(b)
	}
	end := p.began.Add(strangerBody)
	if p.known {
		end = p.began.Add(wholeBody)
		if silent := time.Now().Add(silentBody); silent.Before(end) {
			end = silent
		}
	}
	p.until(end)
	n, err := p.ReadCloser.Read(b)
	switch {
	case err == io.EOF:
		// The server watches from now on whether the caller goes; that has no deadline.
		p.over = true
		p.until(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlow
	}
	return n, err
}

// end is called before the answer is complete: the server reads on then, so that the
// connection can be used again.
func (p *patient) end() {
	if p != nil && !p.over {
		p.until(time.Now().Add(refusedBody))
	}
}

// vouched lifts the stranger's deadline from a body.
func vouched(r *http.Request) {
	if p, ok := r.Body.(*patient); ok {
		p.known = true
	}
}

// errSlow is told to whoever reads a body that does not come.
var errSlow error = slow{}

const tooSlow = "the body did not come in time; send it without pauses"

type slow struct{}

func (slow) Error() string   { return tooSlow }
func (slow) Timeout() bool   { return true } // as net.Error has it
func (slow) Temporary() bool { return false }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.patience()
	r.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer, piece by piece: who takes an answer slowly gets all of it, and
// who takes none is cut off.
func (r *recorder) Write(b []byte) (n int, err error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	for {
		piece := b[n:min(len(b), n+answerPiece)]
		r.patience()
		m, err := r.ResponseWriter.Write(piece)
		n += m
		r.bytes += int64(m)
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// SetWriteDeadline is for answers that go on, which set their own; http.ResponseController
// finds it.
func (r *recorder) SetWriteDeadline(t time.Time) error {
	r.own = true
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(t)
}

// patience is for a piece of the answer; a writer without deadlines, a test's, cannot be held.
func (r *recorder) patience() {
	if !r.own {
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(
			slowAnswer))
	}
}

// finish is called when the answer is complete but for what the server still holds of it. A
// stream's own deadline, which it has lifted, ends here.
func (r *recorder) finish() {
	r.own = false
	r.patience()
}
