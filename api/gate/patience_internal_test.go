package gate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// pipes is a listener in memory, so that deadlines follow the test's clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serving runs a handler behind outer and gives a connection to it.
func serving(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	s := &Gate{now: time.Now, log: slog.New(slog.DiscardHandler)}
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	srv := &http.Server{Handler: s.outer(h), IdleTimeout: 2 * time.Minute}
	ended := make(chan struct{})
	go func() { defer close(ended); srv.Serve(l) }()
	ours, theirs := net.Pipe()
	l.conns <- theirs
	t.Cleanup(func() {
		ours.Close()
		srv.Close()
		<-ended
		time.Sleep(time.Minute) // by synctest's clock: the server's goroutines end
	})
	return ours
}

// reader reads the whole body, of a caller that has authenticated or of a stranger.
func reader(known bool, told chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if known {
			vouched(r)
		}
		b, err := io.ReadAll(r.Body)
		told <- err
		fmt.Fprintf(w, "%d", len(b))
	}
}

func announce(t *testing.T, c net.Conn, length int) {
	t.Helper()
	if _, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", length); err != nil {
		t.Fatal(err)
	}
}

// answered reads an answer and says what it was and when it came.
func answered(
	t *testing.T, c net.Conn, began time.Time,
) (status int, body string, after time.Duration) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	after = time.Since(began)
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b), after
}

// TestBodyThatNeverComes: a refused caller who sends no body gets the response after refusedBody,
// and the connection ends.
func TestBodyThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serving(t, func(w http.ResponseWriter, r *http.Request) {
			refuse(w,
				NewProblem(r.Context(), http.StatusUnauthorized, "unauthenticated",
					g.Word("sign in")))
		})
		began := time.Now()
		announce(t, c, 10)
		status, _, after := answered(t, c, began)
		if status != http.StatusUnauthorized || after != refusedBody {
			t.Errorf("got %d after %s, want 401 after %s", status, after, refusedBody)
		}
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Error(err)
		}
		if held := time.Since(began); held > refusedBody+time.Second {
			t.Errorf("the connection was held for %s", held)
		}
	})
}

// TestStrangersBody: however steadily an unauthenticated caller sends, the
// whole body has a deadline.
func TestStrangersBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 1)
		c := serving(t, reader(false, told))
		began := time.Now()
		announce(t, c, 1000)
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() {
			for range 1000 {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		if err := <-told; err != errSlow || time.Since(began) != strangerBody {
			t.Errorf("got %v after %s, want %v after %s", err, time.Since(began), errSlow,
				strangerBody)
		}
		go io.Copy(io.Discard, c)
	})
}

// TestSlowAndSteadyCaller: a caller that has authenticated may take minutes, as long as something
// comes.
func TestSlowAndSteadyCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 1)
		c := serving(t, reader(true, told))
		began := time.Now()
		const pieces = 40
		announce(t, c, pieces)
		go func() {
			for range pieces {
				time.Sleep(silentBody - time.Second)
				c.Write([]byte("x"))
			}
		}()
		if err := <-told; err != nil {
			t.Fatalf("after %s: %v", time.Since(began), err)
		}
		if status, body, _ := answered(t, c, began); status != http.StatusOK || body != "40" {
			t.Errorf("got %d %q", status, body)
		}
	})
}

// TestSilentCaller: a caller that has authenticated is cut off if it sends nothing, or never ends.
func TestSilentCaller(t *testing.T) {
	for _, c := range []struct {
		name        string
		pause, want time.Duration
	}{{"silent", time.Hour, silentBody}, {"endless", time.Second, wholeBody}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := make(chan error, 1)
				conn := serving(t, reader(true, told))
				began := time.Now()
				announce(t, conn, 1<<20)
				stop := make(chan struct{})
				go func() {
					for {
						select {
						case <-stop:
							return
						case <-time.After(c.pause):
						}
						if _, err := conn.Write([]byte("x")); err != nil {
							return
						}
					}
				}()
				if err := <-told; err != errSlow || time.Since(began) != c.want {
					t.Errorf("got %v after %s, want %v after %s", err, time.Since(began), errSlow,
						c.want)
				}
				close(stop)
				go io.Copy(io.Discard, conn)
			})
		})
	}
}

// TestStreamOutlivesDeadlines: a streamed response is not ended by the deadline of the request's
// body, and notices when its caller goes.
func TestStreamOutlivesDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan error, 1)
		c := serving(t, func(w http.ResponseWriter, r *http.Request) {
			vouched(r)
			io.Copy(io.Discard, r.Body)
			rc := http.NewResponseController(w)
			w.WriteHeader(http.StatusOK)
			for r.Context().Err() == nil {
				rc.SetWriteDeadline(time.Now().Add(10 * time.Second))
				io.WriteString(w, ": alive\n\n")
				rc.Flush()
				select {
				case <-time.After(15 * time.Second):
				case <-r.Context().Done():
				}
			}
			gone <- context.Cause(r.Context())
		})
		began := time.Now()
		announce(t, c, 2)
		io.WriteString(c, "{}")
		lines := bufio.NewScanner(c)
		for n := 0; n < 100 && lines.Scan(); {
			if strings.HasPrefix(lines.Text(), ": alive") {
				n++
			}
		}
		if lived := time.Since(began); lived < 20*time.Minute {
			t.Errorf("the stream ended after %s", lived)
		}
		c.Close()
		if err := <-gone; err == nil {
			t.Error("the stream did not see its caller go")
		}
	})
}

// TestAnswerThatNobodyTakes: a caller who does not read the response holds the
// connection for slowAnswer.
func TestAnswerThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 1)
		c := serving(t, func(w http.ResponseWriter, r *http.Request) {
			_, err := w.Write(make([]byte, 1<<20))
			told <- err
		})
		began := time.Now()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if err := <-told; err == nil || time.Since(began) != slowAnswer {
			t.Errorf("got %v after %s, want an error after %s", err, time.Since(began), slowAnswer)
		}
	})
}

// TestSlowReaderGetsAll: a caller who reads the response piece by piece
// gets all of it, however long.
func TestSlowReaderGetsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serving(t, func(w http.ResponseWriter, r *http.Request) {
			w.Write(make([]byte, 1<<20))
		})
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for b := make([]byte, answerPiece/2); ; {
			n, err := io.ReadFull(r.Body, b)
			total += n
			if err != nil {
				break
			}
			time.Sleep(slowAnswer / 3)
		}
		if total != 1<<20 {
			t.Errorf("got %d bytes", total)
		}
	})
}
