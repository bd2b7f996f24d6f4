//go:build vision

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// Limits of a stream.
const (
	dialTime  = 5 * time.Second
	readTime  = 5 * time.Second  // without data, after which a stream has stalled
	blindTime = 15 * time.Second // with data but without a decoded picture
)

// address is the address of a camera's stream.
type address struct {
	url  *base.URL
	host string // for people
	md5  bool   // use MD5 even if SHA-256 is offered
	away bool   // redirected to another host, without the password

	reach drivers.Reach // hosts that may be dialled, by redirections too
}

// parseAddress parses and checks the address of a device.
func parseAddress(d drivers.Device) (a address, err error) {
	raw := strings.TrimSpace(d.Address["url"])
	if raw == "" {
		return a, gatehouse.FieldErrorf("url",
			"give the address of the stream, such as rtsp://192.0.2.10:554/stream1")
	}
	if len(raw) > 2048 {
		return a, gatehouse.FieldErrorf("url",
			"the address has %d characters; at most 2048 are taken", len(raw))
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !found || scheme != "rtsp" && scheme != "rtsps" {
		return a, gatehouse.FieldErrorf("url",
			"the address does not begin with rtsp:// or rtsps://, as the address of a camera's "+
				"stream does")
	}
	u, err := base.ParseURL(scheme + "://" + rest)
	if err != nil || u.Hostname() == "" {
		return a, gatehouse.FieldErrorf("url",
			"the address is not of the form rtsp://host:port/path")
	}
	if u.User != nil {
		return a, gatehouse.FieldErrorf("url",
			"the address holds a user name or password: move them to their own fields, since "+
				"addresses are shown to everybody who may see the camera")
	}
	a.host = u.Host
	if u.Port() == "" {
		port := "554"
		if scheme == "rtsps" {
			port = "322"
		}
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	user, password := d.Address["username"], d.Secret["password"]
	if user != "" || password != "" {
		u.User = url.UserPassword(user, password)
	}
	a.url, a.reach = u, d.Reach
	return a, nil
}

// picture is what play passes on: the decoder holding a new picture, and the RTP timestamp of the
// packet that completed it, in units of 1/90000 s.
type picture struct {
	decoder *opencv.Decoder
	codec   opencv.Codec
	stamp   uint32
	weak    gatehouse.Weakness // of the camera that it is of
}

// sink takes what play passes on, always from the same goroutine.
type sink struct {
	units    func(accessUnit)    // each access unit before it is decoded; nil: not wanted
	pictures func(picture) error // each decoded picture; an error ends the stream
}

// play connects, decodes and passes everything on. It returns the error of the sink or of the
// stream, or nil once ctx has ended.
func play(ctx context.Context, a address, to sink) error {
	return playOn(a, func(a address) error { return playAt(ctx, a, to) })
}

func playAt(ctx context.Context, a address, to sink) error {
	var sent redirects
	said := &talk{md5: a.md5}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &gortsplib.Client{
		Scheme:       a.url.Scheme,
		Host:         a.url.Host,
		Protocol:     ptr(gortsplib.ProtocolTCP),
		UserAgent:    "gatehouse",
		ReadTimeout:  readTime,
		WriteTimeout: readTime,
		DialContext: func(c context.Context, network, addr string) (net.Conn, error) {
			return a.reach.Dialer(dialTime).DialContext(c, network, addr)
		},
		OnPacketsLost: func(uint64) {},
		OnDecodeError: func(error) {},
		OnResponse: func(res *base.Response) {
			sent.look(res)
			said.hear(res)
		},
	}
	if err := client.Start(); err != nil {
		return speak(a, err, false)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-inner.Done()
		client.Close()
	}()
	defer func() { cancel(nil); <-closed }()

	var seen atomic.Int64 // when the last picture was decoded, Unix nanoseconds
	finish, err := open(client, a, said, to.units, func(p picture) {
		seen.Store(time.Now().UnixNano())
		if err := to.pictures(p); err != nil {
			cancel(err)
		}
	}, cancel)
	playing := err == nil
	if playing {
		seen.Store(time.Now().UnixNano())
		err = outlast(inner, client, &seen)
	}
	cancel(nil)
	<-closed
	if finish != nil {
		finish() // after the client: no callback runs any more
	}
	switch cause := context.Cause(inner); {
	case ctx.Err() != nil:
		return nil
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	}
	if !playing && said.md5Instead(err) {
		a.md5 = true
		return playAt(ctx, a, to)
	}
	if on := sent.turn(err); !playing && on != err {
		return on
	}
	return speak(a, err, playing)
}

func ptr[T any](v T) *T { return &v }

// outlast blocks until the stream ends, ctx ends, or no picture was decoded for blindTime.
func outlast(ctx context.Context, client *gortsplib.Client, seen *atomic.Int64) error {
	ended := make(chan error, 1)
	go func() { ended <- client.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			client.Close()
			return <-ended
		case now := <-tick.C:
			if now.Sub(time.Unix(0, seen.Load())) > blindTime {
				client.Close()
				<-ended
				return errBlind
			}
		}
	}
}

var (
	errBlind   = errors.New("no picture")
	errNoVideo = errors.New("no video")
)

// open sets up and plays the stream, and calls units with what arrives and pictures with what is
// decoded. The caller must call finish, which frees the decoder, after the client is closed. end is
// called with an error that cannot pass, such as pictures that are too large.
func open(
	client *gortsplib.Client, a address, said *talk, units func(accessUnit), pictures func(picture),
	end func(error),
) (finish func(), err error) {
	desc, _, err := client.Describe(a.url)
	if said.noVideo {
		return nil, errors.Join(errNoVideo, errors.New(strings.Join(said.others, ", ")))
	}
	if err != nil {
		return nil, err
	}
	v, err := choose(desc)
	if err != nil {
		return nil, err
	}
	dec, err := opencv.NewDecoder(v.codec)
	if err != nil {
		return nil, err
	}
	if units == nil {
		units = func(accessUnit) {}
	}
	dec.Prepare(v.sets)
	units(accessUnit{
		codec: v.codec,
		nals:  v.sets,
	})
	if _, err := client.Setup(desc.BaseURL, v.medium, 0, 0); err != nil {
		dec.Close()
		return nil, err
	}
	weak := said.weak(a.url) // authentication has happened with DESCRIBE
	client.OnPacketRTP(v.medium, v.format, func(p *rtp.Packet) {
		unit, err := v.unpack(p)
		if err != nil {
			return // incomplete or lost packets: the decoder recovers
		}
		units(accessUnit{
			codec: v.codec,
			nals:  unit,
			stamp: p.Timestamp,
		})
		n, err := dec.Decode(unit)
		if gatehouse.ErrorCode(err) == gatehouse.TooLarge {
			end(err)
			return
		}
		if err != nil || n == 0 {
			return // a damaged unit; if it goes on, outlast returns errBlind
		}
		pictures(picture{
			decoder: dec,
			codec:   v.codec,
			stamp:   p.Timestamp,
			weak:    weak,
		})
	})
	if _, err := client.Play(nil); err != nil {
		client.Close()
		dec.Close()
		return nil, err
	}
	return dec.Close, nil
}

// video is the media section that is played.
type video struct {
	medium *description.Media
	format format.Format
	codec  opencv.Codec
	unpack func(*rtp.Packet) ([][]byte, error)
	sets   [][]byte // parameter sets of the description; empty if it has none
}

// choose picks the first video that can be decoded.
func choose(desc *description.Session) (v video, err error) {
	var h264 *format.H264
	if v.medium = desc.FindFormat(&h264); v.medium != nil {
		d, err := h264.CreateDecoder()
		if err != nil {
			return v, err
		}
		v.format = h264
		v.codec = opencv.H264
		v.unpack = d.Decode
		v.sets = [][]byte{h264.SPS, h264.PPS}
		return v, nil
	}
	var h265 *format.H265
	if v.medium = desc.FindFormat(&h265); v.medium != nil {
		d, err := h265.CreateDecoder()
		if err != nil {
			return v, err
		}
		v.format = h265
		v.codec = opencv.H265
		v.unpack = d.Decode
		v.sets = [][]byte{h265.VPS, h265.SPS, h265.PPS}
		return v, nil
	}
	return v, errNoVideo // unreachable: talk has found one
}

// speak turns an error, before or after the stream began to play, into a message for the person who
// sets the camera up.
func speak(a address, err error, playing bool) error {
	var status liberrors.ErrClientBadStatusCode
	var nameErr *net.DNSError
	var opErr *net.OpError
	var certErr *tls.CertificateVerificationError
	var authorityErr x509.UnknownAuthorityError
	var refused *gatehouse.Error
	at := func(class gatehouse.Code, code gatehouse.ReasonCode, params ...any) *gatehouse.Error {
		return gatehouse.Because(code, append(params, "address", a.host)...).Err(class)
	}
	switch {
	case err == nil:
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraClosed)
	case errors.Is(err, errBlind):
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraBlind, "within", blindTime)
	case errors.Is(err, errNoVideo):
		_, has, _ := strings.Cut(err.Error(), "\n")
		if has == "" {
			has = "nothing"
		}
		return at(gatehouse.Invalid, gatehouse.ReasonCameraNoVideo, "has", has)
	case errors.As(err, &opErr) && opErr.Op == "dial" && errors.As(opErr.Err, &refused):
		return gatehouse.FieldErrorf("url", "%s", refused.Message)
	case errors.As(err, &status):
		return speakStatus(a, status)
	case errors.As(err, &nameErr):
		return of("url",
			at(gatehouse.Invalid, gatehouse.ReasonCameraUnknown, "host", a.url.Hostname()))
	case errors.As(err, &certErr), errors.As(err, &authorityErr):
		return at(gatehouse.Invalid, gatehouse.ReasonCameraUntrusted)
	case errors.As(err, &opErr) && opErr.Op == "dial":
		if opErr.Timeout() || errors.Is(err, context.DeadlineExceeded) {
			return at(gatehouse.Unavailable, gatehouse.ReasonCameraNoAnswer, "within", dialTime)
		}
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraRefuses, "host", a.url.Hostname(),
			"port", a.url.Port())
	case isTimeout(err):
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraQuiet, "within", readTime)
	case !playing &&
		(errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &opErr)):
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraNoRTSP)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.As(err, &opErr):
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraClosed)
	}
	return at(gatehouse.Unavailable, gatehouse.ReasonCameraOdd, "detail", err)
}

// of sets the address field that an error is about.
func of(field string, e *gatehouse.Error) *gatehouse.Error {
	e.Field = field
	return e
}

func speakStatus(a address, status liberrors.ErrClientBadStatusCode) error {
	at := func(class gatehouse.Code, code gatehouse.ReasonCode, params ...any) *gatehouse.Error {
		return gatehouse.Because(code, append([]any{"address", a.host}, params...)...).Err(class)
	}
	switch status.Code {
	case base.StatusUnauthorized:
		if a.away {
			return of("url",
				at(gatehouse.Invalid, gatehouse.ReasonCameraSendsOn, "address", a.url.Host))
		}
		if a.url.User == nil {
			return of("username", at(gatehouse.Invalid, gatehouse.ReasonCameraLogin))
		}
		return of("password", at(gatehouse.Invalid, gatehouse.ReasonCameraPassword))
	case base.StatusForbidden:
		return of("username", at(gatehouse.Invalid, gatehouse.ReasonCameraForbids))
	case base.StatusNotFound:
		return of("url", at(gatehouse.Invalid, gatehouse.ReasonCameraNoStream, "path", a.url.Path))
	case base.StatusUnsupportedTransport:
		return at(gatehouse.Invalid, gatehouse.ReasonCameraNoTCP)
	case base.StatusNotEnoughBandwidth, base.StatusServiceUnavailable:
		return at(gatehouse.Unavailable, gatehouse.ReasonCameraFull, "status", int(status.Code))
	}
	answer := fmt.Sprintf("%d %s", status.Code, status.Message)
	return at(gatehouse.Unavailable, gatehouse.ReasonCameraStatus, "status", answer)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, liberrors.ErrClientRequestTimedOut{}) ||
		errors.Is(err, liberrors.ErrClientTCPTimeout{})
}
