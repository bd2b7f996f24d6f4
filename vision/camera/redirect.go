//go:build vision

package main

import (
	"errors"
	"net"
	"net/url"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/gatehouse-iot/gatehouse"
)

// maxRedirects is the most redirections that are followed; more are reported as a loop.
const maxRedirects = 3

// redirected is the error of a stream that has been redirected.
type redirected struct{ to *base.URL }

func (r *redirected) Error() string { return "the stream is at " + r.to.Host }

// redirects removes redirections from responses before the RTSP library sees them: it would follow
// them without limit, and send the password to any host they name.
type redirects struct{ to string }

func (r *redirects) look(res *base.Response) {
	to := res.Header["Location"]
	if res.StatusCode >= base.StatusMovedPermanently && res.StatusCode <= base.StatusUseProxy &&
		len(to) == 1 {
		r.to = to[0]
		delete(res.Header, "Location")
	}
}

// turn returns a redirected error if the response redirected, otherwise err.
func (r *redirects) turn(err error) error {
	if err == nil || r.to == "" {
		return err
	}
	u, parseErr := base.ParseURL(r.to)
	if parseErr != nil || u.Hostname() == "" || len(r.to) > 2048 {
		return err
	}
	return &redirected{u}
}

// follow returns the address that a redirection names. User name and password are kept only for the
// same host, port and scheme; a redirection from rtsps to rtsp is an error.
func (a address) follow(r *redirected) (address, error) {
	port := r.to.Port()
	if port == "" {
		port = map[string]string{"rtsp": "554", "rtsps": "322"}[r.to.Scheme]
	}
	if a.url.Scheme == "rtsps" && r.to.Scheme != "rtsps" {
		return a, gatehouse.Errorf(gatehouse.Unavailable,
			"the camera at %s sends us on to %s without encryption; switch that off in the "+
				"camera, or give its rtsp:// address",
			a.host, r.to.Host)
	}
	to := *r.to
	to.Host = net.JoinHostPort(to.Hostname(), port)
	to.User = (*url.Userinfo)(nil)
	if to.Host == a.url.Host && to.Scheme == a.url.Scheme {
		to.User = a.url.User
	}
	return address{
		url:   &to,
		host:  a.host,
		away:  to.Host != a.url.Host,
		reach: a.reach,
	}, nil
}

// playOn calls once, and again with each address that it is redirected to.
func playOn(a address, once func(address) error) error {
	first := a
	for range maxRedirects + 1 {
		err := once(a)
		var r *redirected
		if !errors.As(err, &r) {
			return err
		}
		if a, err = a.follow(r); err != nil {
			return err
		}
	}
	return gatehouse.Errorf(gatehouse.Unavailable,
		"the camera at %s sends us from one address to the next, more than %d times; give the "+
			"address where its stream really is",
		first.host, maxRedirects)
}
