package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// RTSP is a server of simulated cameras: each path plays an MP4 file's H.264 video in a loop, over
// RTSP with TCP transport (RFC 2326, RFC 6184), with continuous time stamps. A video starts with
// its first viewer and stops with the last. When another viewer joins, it jumps to its next key
// frame, as a camera that is asked for one sends it at once.
type RTSP struct {
	listen     string
	user, pass string
	ln         net.Listener
	cameras    map[string]*camera
	server     *gortsplib.Server

	mu       sync.Mutex
	joining  map[*gortsplib.ServerConn]*camera    // the response to PLAY is not sent yet
	watching map[*gortsplib.ServerSession]*camera // since PLAY
}

type camera struct {
	video  *video
	stream *gortsplib.ServerStream
	enc    *rtph264.Encoder
	start  uint32        // RTP time stamp of the video's unit 0
	wake   chan struct{} // size 1: somebody joined

	viewers int // guarded by RTSP.mu
}

// NewRTSP listens on an address and opens the videos; paths maps paths of the server to files. An
// empty user asks for no password. Call Run to serve.
func NewRTSP(listen string, paths map[string]string, user, pass string) (*RTSP, error) {
	r := &RTSP{
		listen:   listen,
		user:     user,
		pass:     pass,
		cameras:  map[string]*camera{},
		joining:  map[*gortsplib.ServerConn]*camera{},
		watching: map[*gortsplib.ServerSession]*camera{},
	}
	for path, file := range paths {
		v, err := openVideo(file)
		if err != nil {
			r.close()
			return nil, err
		}
		r.cameras[strings.Trim(path, "/")] = &camera{
			video: v,
			wake:  make(chan struct{}, 1),
			start: rand.Uint32(),
		}
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		r.close()
		return nil, fmt.Errorf("listen for cameras: %w", err)
	}
	r.ln = ln
	return r, nil
}

// Addr is the address that it listens on.
func (r *RTSP) Addr() string { return r.ln.Addr().String() }

// Run serves until ctx ends, then closes everything. It may be called once.
func (r *RTSP) Run(ctx context.Context) error {
	defer r.close()
	r.server = &gortsplib.Server{
		Handler:        r,
		RTSPAddress:    r.Addr(),
		WriteQueueSize: 1024,
		Listen:         func(string, string) (net.Listener, error) { return r.ln, nil },
	}
	// The lock keeps requests waiting for the streams, which can only be created once the server
	// runs.
	r.mu.Lock()
	err := r.server.Start()
	if err == nil {
		err = r.prepare()
	}
	r.mu.Unlock()
	if err != nil {
		r.server.Close()
		return fmt.Errorf("serve cameras: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(r.cameras)+1)
	var wg sync.WaitGroup
	for _, c := range r.cameras {
		wg.Go(func() { errs <- r.play(ctx, c) })
	}
	wg.Go(func() { errs <- r.server.Wait() })
	select {
	case <-ctx.Done():
		err = nil
	case err = <-errs:
	}
	cancel()
	for _, c := range r.cameras {
		c.stream.Close()
	}
	r.server.Close()
	wg.Wait()
	return err
}

func (r *RTSP) close() {
	if r.ln != nil {
		r.ln.Close()
	}
	for _, c := range r.cameras {
		c.video.close()
	}
}

func (r *RTSP) prepare() error {
	for _, c := range r.cameras {
		f := &format.H264{
			PayloadTyp:        96,
			SPS:               c.video.sps,
			PPS:               c.video.pps,
			PacketizationMode: 1,
		}
		c.stream = &gortsplib.ServerStream{
			Server: r.server,
			Desc: &description.Session{
				Medias: []*description.Media{
					{
						Type:    description.MediaTypeVideo,
						Formats: []format.Format{f},
					},
				},
			},
		}
		if err := c.stream.Initialize(); err != nil {
			return err
		}
		var err error
		if c.enc, err = f.CreateEncoder(); err != nil {
			return err
		}
	}
	return nil
}

// play sends one camera's frames in real time while somebody watches.
func (r *RTSP) play(ctx context.Context, c *camera) error {
	v := c.video
	t := time.NewTimer(0)
	defer t.Stop()
	<-t.C
	var (
		i      int       // the next frame
		shift  int64     // added to the video's time, for loops and jumps
		anchor time.Time // wall-clock time of time stamp 0
	)
	for {
		if !r.watched(c) {
			select {
			case <-c.wake:
			case <-ctx.Done():
				return nil
			}
			// Start again, with time stamps that continue by the time passed and 0.2 s, so that
			// they exceed the presentation times of frames sent before.
			if anchor.IsZero() {
				anchor = time.Now()
			}
			i, shift = 0, v.unitsIn(time.Since(anchor))+v.scale/5
		}
		f := v.frames[i]
		due := anchor.Add(v.duration(f.dts + shift))
		t.Reset(time.Until(due))
		select {
		case <-t.C:
		case <-c.wake:
			if key, wait := v.nextKey(i); wait > v.scale/2 {
				shift += f.dts - v.frames[key].dts
				i = key
			}
			continue
		case <-ctx.Done():
			return nil
		}
		if err := c.send(i, shift, anchor); err != nil {
			return err
		}
		if i++; i == len(v.frames) {
			i, shift = 0, shift+v.length
		}
	}
}

func (v *video) duration(units int64) time.Duration {
	return time.Duration(units/v.scale)*time.Second +
		time.Duration(units%v.scale)*time.Second/time.Duration(v.scale)
}

func (v *video) unitsIn(d time.Duration) int64 {
	return int64(d/time.Second)*v.scale + int64(d%time.Second)*v.scale/int64(time.Second)
}

func (c *camera) send(i int, shift int64, anchor time.Time) error {
	units, err := c.video.units(i)
	if err != nil {
		return err
	}
	packets, err := c.enc.Encode(units)
	if err != nil {
		return fmt.Errorf("pack frame: %w", err)
	}
	pts := c.video.frames[i].pts + shift
	s := c.video.scale
	stamp := c.start + uint32(pts/s*90000+pts%s*90000/s)
	for _, p := range packets {
		p.Timestamp = stamp
		err := c.stream.WritePacketRTPWithNTP(c.stream.Desc.Medias[0], p,
			anchor.Add(c.video.duration(pts)))
		if errors.Is(err, liberrors.ErrServerStreamClosed{}) {
			return nil
		} else if err != nil {
			return fmt.Errorf("send frame: %w", err)
		}
	}
	return nil
}

func (r *RTSP) watched(c *camera) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.viewers > 0
}

// find returns the camera of a path if the request is authorised.
func (r *RTSP) find(
	conn *gortsplib.ServerConn, req *base.Request, path string,
) (*base.Response, *gortsplib.ServerStream, error) {
	if r.user != "" && !conn.VerifyCredentials(req, r.user, r.pass) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.cameras[strings.Trim(path, "/")]
	if c == nil || c.stream == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

// OnDescribe handles DESCRIBE; called by the RTSP library.
func (r *RTSP) OnDescribe(
	x *gortsplib.ServerHandlerOnDescribeCtx,
) (*base.Response, *gortsplib.ServerStream, error) {
	return r.find(x.Conn, x.Request, x.Path)
}

// OnSetup handles SETUP; called by the RTSP library.
func (r *RTSP) OnSetup(
	x *gortsplib.ServerHandlerOnSetupCtx,
) (*base.Response, *gortsplib.ServerStream, error) {
	return r.find(x.Conn, x.Request, x.Path)
}

// OnPlay handles PLAY; called by the RTSP library.
func (r *RTSP) OnPlay(x *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.cameras[strings.Trim(x.Path, "/")]
	if c == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil
	}
	r.joining[x.Conn] = c
	if r.watching[x.Session] == nil {
		r.watching[x.Session] = c
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnResponse wakes a camera once its new viewer can receive; called by the RTSP library.
func (r *RTSP) OnResponse(conn *gortsplib.ServerConn, _ *base.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.joining[conn]
	if c == nil {
		return
	}
	delete(r.joining, conn)
	c.viewers = r.count(c)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// OnConnClose removes a connection that broke during PLAY; called by the RTSP library.
func (r *RTSP) OnConnClose(x *gortsplib.ServerHandlerOnConnCloseCtx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.joining, x.Conn)
}

// OnSessionClose counts a viewer out; called by the RTSP library.
func (r *RTSP) OnSessionClose(x *gortsplib.ServerHandlerOnSessionCloseCtx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.watching[x.Session]; c != nil {
		delete(r.watching, x.Session)
		c.viewers = r.count(c)
	}
}

// OnStreamWriteError is called by the RTSP library for a viewer that is too slow; its packets are
// dropped.
func (r *RTSP) OnStreamWriteError(*gortsplib.ServerHandlerOnStreamWriteErrorCtx) {}

func (r *RTSP) count(c *camera) int {
	n := 0
	for _, w := range r.watching {
		if w == c {
			n++
		}
	}
	return n
}
