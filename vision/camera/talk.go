//go:build vision

package main

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// talk inspects a camera's responses before the RTSP library reads them, and corrects known faults
// of cameras. The library calls it from one goroutine; its fields may be read once the call that
// waited for the response has returned.
type talk struct {
	md5     bool     // SHA-256 was refused: use MD5
	both    bool     // the camera offered SHA-256 and MD5
	noVideo bool     // its description holds no H.264 or H.265
	others  []string // what it holds instead
	asked   bool     // the camera asked for authentication
	digest  bool     // and offers Digest, which does not expose the password
}

// hear inspects a response.
func (t *talk) hear(r *base.Response) {
	switch {
	case r.StatusCode == base.StatusUnauthorized:
		t.hearOffers(r)
	case r.StatusCode == base.StatusOK && len(r.Body) > 0:
		t.hearDescription(r)
	}
}

// hearOffers inspects the offered authentication methods. The library prefers SHA-256 wherever it
// is offered; some cameras offer it and then refuse the right password.
func (t *talk) hearOffers(r *base.Response) {
	var rest base.HeaderValue
	var sha, md5 bool
	t.asked = true
	for _, v := range r.Header["WWW-Authenticate"] {
		var a headers.Authenticate
		if a.Unmarshal(base.HeaderValue{v}) == nil && a.Method == headers.AuthMethodDigest {
			t.digest = true
			if a.Algorithm != nil && *a.Algorithm == headers.AuthAlgorithmSHA256 {
				sha = true
				continue
			}
			md5 = true
		}
		rest = append(rest, v)
	}
	t.both = sha && md5
	if t.both && t.md5 {
		r.Header["WWW-Authenticate"] = rest
	}
}

// weak is the weakness of the camera's authentication, known after its first pictures. RTSP without
// TLS is not a weakness by itself: nearly every camera speaks nothing else, and Digest does not
// expose the password.
func (t *talk) weak(u *base.URL) gatehouse.Weakness {
	switch {
	case drivers.ThisMachine(u.Hostname()):
		return gatehouse.WeakNone
	case !t.asked:
		return gatehouse.WeakNoPassword
	case !t.digest && u.Scheme == "rtsp":
		return gatehouse.WeakPlainText
	}
	return gatehouse.WeakNone
}

// md5Instead reports whether to connect again with MD5: SHA-256 was refused, and MD5 is offered
// too. A wrong password is therefore tried twice.
func (t *talk) md5Instead(err error) bool {
	var status liberrors.ErrClientBadStatusCode
	return !t.md5 && t.both && errors.As(err, &status) && status.Code == base.StatusUnauthorized
}

func (t *talk) hearDescription(r *base.Response) {
	kind := strings.Join(r.Header["Content-Type"], " ")
	if kind != "" && !strings.Contains(strings.ToLower(kind), "sdp") {
		return
	}
	body, others, ok := cutDescription(r.Body)
	if !ok {
		return // left to the library to report
	}
	r.Header["Content-Type"] = base.HeaderValue{"application/sdp"}
	if b, ok := r.Header["Content-Base"]; ok && !usableBase(b) {
		delete(r.Header, "Content-Base") // the requested address is used instead
	}
	if body == nil {
		t.noVideo, t.others = true, others
		return
	}
	r.Body = body
}

func usableBase(b base.HeaderValue) bool {
	if len(b) != 1 {
		return false
	}
	if strings.HasPrefix(b[0], "/") {
		_, err := base.ParseURL("rtsp://camera" + b[0])
		return err == nil
	}
	return absolute(b[0])
}
