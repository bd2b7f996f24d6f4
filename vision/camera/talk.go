//go:build vision

package main

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// talk listens to a camera's answers before the RTSP library reads them, and mends in them
// what cameras are known to get wrong. The library calls it from one goroutine; its fields may
// be read once the call that waited for the answer has returned.
type talk struct {
	md5     bool     // SHA-256 was refused: it is not tried again
	both    bool     // the camera offered SHA-256 and MD5
	noVideo bool     // its description holds no H.264 or H.265
	others  []string // what it holds instead
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
	for _, v := range r.Header["WWW-Authenticate"] {
		var a headers.Authenticate
		if a.Unmarshal(base.HeaderValue{v}) == nil && a.Method == headers.AuthMethodDigest {
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
