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

// talk listens to a camera's answers before the RTSP library reads them, and mends in them
// what cameras are known to get wrong. The library calls it from one goroutine; its fields may
// be read once the call that waited for the answer has returned.
type talk struct {
	md5     bool     // SHA-256 was refused: it is not tried again
	both    bool     // the camera offered SHA-256 and MD5
	noVideo bool     // its description holds no H.264 or H.265
	others  []string // what it holds instead
	asked   bool     // the camera asked who is there
	digest  bool     // and takes a password that nobody can read on the way
}

// hear takes an answer.
func (t *talk) hear(r *base.Response) {
	switch {
	case r.StatusCode == base.StatusUnauthorized:
		t.hearOffers(r)
	case r.StatusCode == base.StatusOK && len(r.Body) > 0:
		t.hearDescription(r)
	}
}

// hearOffers looks at the ways to sign in. The library takes SHA-256 wherever it is offered;
// some cameras offer it and refuse what is right.
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

// weak says how the camera proves that it is itself, and who may watch it, once it has handed out
// its pictures. That RTSP is plain text is no weakness by itself: nearly every camera speaks
// nothing else, and its password is not readable in what it takes by Digest.
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

// md5Instead says whether to connect once more with MD5: SHA-256 was refused, and MD5 is
// offered beside it. A wrong password is so tried twice.
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
		return // the library says what it thinks of it
	}
	r.Header["Content-Type"] = base.HeaderValue{"application/sdp"}
	if b, ok := r.Header["Content-Base"]; ok && !usableBase(b) {
		delete(r.Header, "Content-Base") // the address that was asked for serves as well
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
