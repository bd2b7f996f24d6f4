//go:build vision

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// stage is an RTSP server that plays given access units in a loop, at 25 a second, until it is told
// to fall silent or to die.
type stage struct {
	format format.Format
	units  [][][]byte
	addr   string // kept when it dies and rises again
	server *gortsplib.Server
	stream *gortsplib.ServerStream
	quiet  chan struct{} // closed: send nothing more
	end    context.CancelFunc
	done   chan struct{}
	once   *sync.Once

	still atomic.Bool // repeats the first unit only

	body []byte // description to serve; nil: a correct one
	// handles DESCRIBE; a nil gate or response serves the stream
	gate func(*base.Request) *base.Response
}

func (s *stage) OnDescribe(
	c *gortsplib.ServerHandlerOnDescribeCtx,
) (*base.Response, *gortsplib.ServerStream, error) {
	if s.gate != nil {
		if r := s.gate(c.Request); r != nil {
			return r, nil, nil
		}
	}
	if s.body != nil {
		return &base.Response{StatusCode: base.StatusOK, Body: s.body}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

func (s *stage) OnSetup(
	*gortsplib.ServerHandlerOnSetupCtx,
) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

func (s *stage) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// packer is the part of the formats' encoders that a stage needs.
type packer interface {
	Encode([][]byte) ([]*rtp.Packet, error)
}

// newStage serves units in a format; with nil units it never sends anything.
func newStage(t *testing.T, f format.Format, units [][][]byte) *stage {
	t.Helper()
	s := &stage{format: f, units: units, addr: "127.0.0.1:0", quiet: make(chan struct{})}
	s.rise(t)
	t.Cleanup(func() { s.die() })
	return s
}

// rise starts serving, at the same address as before.
func (s *stage) rise(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.once, s.done = ln.Addr().String(), &sync.Once{}, make(chan struct{})
	s.server = &gortsplib.Server{
		Handler:     s,
		RTSPAddress: s.addr,
		Listen:      func(string, string) (net.Listener, error) { return ln, nil },
	}
	if err := s.server.Start(); err != nil {
		t.Fatal(err)
	}
	s.stream = &gortsplib.ServerStream{
		Server: s.server,
		Desc: &description.Session{
			Medias: []*description.Media{
				{Type: description.MediaTypeVideo, Formats: []format.Format{s.format}},
			},
		},
	}
	if err := s.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	var p packer
	switch f := s.format.(type) {
	case *format.H264:
		p, err = f.CreateEncoder()
	case *format.H265:
		p, err = f.CreateEncoder()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	go s.play(ctx, t, p, s.stream, s.done)
}

func (s *stage) play(
	ctx context.Context, t *testing.T, p packer, stream *gortsplib.ServerStream, done chan struct{},
) {
	defer close(done)
	tick := time.NewTicker(time.Second / 25)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-s.quiet:
			<-ctx.Done()
			return
		case <-tick.C:
		}
		if len(s.units) == 0 {
			continue
		}
		next := i % len(s.units)
		if s.still.Load() {
			next = 0
		}
		packets, err := p.Encode(s.units[next])
		if err != nil {
			t.Errorf("pack: %v", err)
			return
		}
		for _, x := range packets {
			x.Timestamp = uint32(i * 3600)
			if err := stream.WritePacketRTP(stream.Desc.Medias[0], x); err != nil {
				return
			}
		}
	}
}

// die closes all connections and stops serving.
func (s *stage) die() {
	s.once.Do(func() {
		s.end()
		<-s.done
		s.stream.Close()
		s.server.Close()
	})
}

func (s *stage) url() string { return "rtsp://" + s.addr + "/live" }

// recording is a video in the cache.
func recording(t *testing.T, name string) opencv.Recording {
	t.Helper()
	r, err := opencv.ReadMP4(media(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// black is a small H.265 stream: 320x240, 30 pictures, a key frame every ten.
func black(t *testing.T) (units [][][]byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/black.h265")
	if err != nil {
		t.Fatal(err)
	}
	var unit [][]byte
	for _, n := range bytes.Split(b, []byte{0, 0, 1}) {
		if n = bytes.TrimRight(n, "\x00"); len(n) < 2 {
			continue
		}
		if unit = append(unit, n); n[0]>>1&0x3f < 32 {
			units, unit = append(units, unit), nil
		}
	}
	return units
}
