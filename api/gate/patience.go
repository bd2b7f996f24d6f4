package gate

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long the gateway waits for bytes. A caller must not hold a connection by sending nothing; one
// that has authenticated may be slow.
const (
	// for the whole body of a caller who is not authenticated
	strangerBody = 10 * time.Second
	// for the rest of a body that is not read, before the response is sent
	refusedBody = 2 * time.Second
	silentBody  = 20 * time.Second // between two pieces of an authenticated caller's body
	wholeBody   = 15 * time.Minute // for all of it
	slowAnswer  = 30 * time.Second // for the caller to read answerPiece of a response

	answerPiece = 64 << 10 // bytes
)

// patient is a request's body with deadlines on its socket. It is used by one
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
	p := &patient{
		ReadCloser: r.Body,
		rc:         http.NewResponseController(w),
		began:      time.Now(),
	}
	r.Body = p
	p.until(p.began.Add(strangerBody))
	return p
}

// until sets the deadline. A test's writer may support none.
func (p *patient) until(t time.Time) { _ = p.rc.SetReadDeadline(t) }

// Read implements io.Reader. A caller that is too slow gets errSlow.
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
		// From now on the server reads only to notice that the caller has gone: without a deadline.
		p.over = true
		p.until(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlow
	}
	return n, err
}

// end is called before the answer is complete. The server then reads the rest of the body, so that
// the connection can be used again.
func (p *patient) end() {
	if p != nil && !p.over {
		p.until(time.Now().Add(refusedBody))
	}
}

// vouched lifts the deadline that bodies of unauthenticated callers have.
func vouched(r *http.Request) {
	if p, ok := r.Body.(*patient); ok {
		p.known = true
	}
}

// errSlow is the error of a body that does not come in time.
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

// Write implements io.Writer, piece by piece: a caller who reads a response slowly gets all of it,
// and one who reads nothing is disconnected.
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

// SetWriteDeadline is for streams, which set their own deadlines; http.ResponseController finds it.
func (r *recorder) SetWriteDeadline(t time.Time) error {
	r.own = true
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(t)
}

// patience sets the deadline for the next piece of the answer. A test's writer may have none.
func (r *recorder) patience() {
	if !r.own {
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(
			slowAnswer))
	}
}

// finish is called when the handler is done: what the server still has to send gets a deadline
// again, after a stream too.
func (r *recorder) finish() {
	r.own = false
	r.patience()
}
