package outward

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// mostAnswer is how much of an answer's body is read.
const mostAnswer = 64 << 10

// Answer is what a server answered.
type Answer struct {
	Status int
	Body   []byte        // at most 64 KiB of it
	Pause  time.Duration // what Retry-After asks for, at most a day
}

// Do sends a request and reads its answer. An error says why there is none, without the address,
// which may hold a secret.
func Do(c *http.Client, r *http.Request, now time.Time) (Answer, error) {
	resp, err := c.Do(r)
	if err != nil {
		return Answer{}, Bare(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return Answer{}, fmt.Errorf("the answer broke off: %w", Bare(err))
	}
	return Answer{
		Status: resp.StatusCode,
		Body:   body,
		Pause:  RetryAfter(resp.Header.Get("Retry-After"), now),
	}, nil
}

// Bare is an error without the address, which may hold a secret, and with words for what the network
// calls by a bare name.
func Bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the server closed the connection before it answered")
	case errors.Is(err, syscall.ECONNRESET):
		return errors.New("the server broke off the connection")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens at that address and port")
	}
	return err
}

// RetryAfter reads RFC 9110, section 10.2.3: seconds or a date. At most a day is honoured.
func RetryAfter(v string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(max(n, 0), 86400)) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}
