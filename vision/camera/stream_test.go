//go:build vision

package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// plain is a device with a user name and a password.
func plain(url, user, password string) drivers.Device {
	d := device(url)
	if user != "" {
		d.Address["username"] = user
	}
	if password != "" {
		d.Secret["password"] = password
	}
	return d
}

func TestProbeTellsWhatTheCameraSends(t *testing.T) {
	d := newDriver() // a probe needs no models
	addr := rtsp(t, map[string]string{"live/1": media(t, "cap13_edit2.mp4")}, "viewer",
		"s3cret pass:@/")
	p, err := d.Probe(context.Background(),
		plain("rtsp://"+addr+"/live/1", "viewer", "s3cret pass:@/"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "H.264 400x300, 25 frames/s"; p.Message != want {
		t.Errorf("got %q, want %q", p.Message, want)
	}
	if c, kind, err := image.DecodeConfig(bytes.NewReader(p.Snapshot)); err != nil ||
		kind != "jpeg" || c.Width != 400 {
		t.Errorf("the snapshot is %q, %+v: %v", kind, c, err)
	}
}

// Connection errors say what to fix, and never contain the password.
func TestConnectSpeaks(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t, map[string]string{"live": media(t, "cap13_edit2.mp4")}, "viewer",
		"hunter2hunter2")
	mjpeg := newStage(t, &format.MJPEG{}, nil)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	web := listen(t, func(c net.Conn) {
		c.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
	})
	dead := listen(t, func(net.Conn) {})
	reset := listen(t, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) })
	for _, c := range []struct {
		name   string
		device drivers.Device
		code   gatehouse.Code
		field  string
		says   string
	}{
		{"no address", device(""), gatehouse.Invalid, "url", "give the address"},
		{"a web page", device("http://192.0.2.1/"), gatehouse.Invalid, "url", "rtsp://"},
		{"no host", device("rtsp:///live"), gatehouse.Invalid, "url", "rtsp://host:port/path"},
		{"garbage", device("rtsp://[::1/%zz"), gatehouse.Invalid, "url", "rtsp://host:port/path"},
		{
			"password in the address",
			device("rtsp://viewer:hunter2hunter2@" + addr + "/live"), gatehouse.Invalid, "url",
			"own fields",
		},
		{
			"unknown host", device("rtsp://camera.invalid/live"), gatehouse.Invalid, "url",
			"no host named",
		},
		{
			"nothing there", device("rtsp://" + closed.Addr().String() + "/"),
			gatehouse.Unavailable, "", "refuses connections",
		},
		{
			"no user", device("rtsp://" + addr + "/live"), gatehouse.Invalid, "username",
			"asks for a user name",
		},
		{
			"wrong password", plain("rtsp://"+addr+"/live", "viewer", "hunter3hunter3"),
			gatehouse.Invalid, "password", "refuses this user name or password",
		},
		{
			"wrong path", plain("rtsp://"+addr+"/other", "viewer", "hunter2hunter2"),
			gatehouse.Invalid, "url", `no stream "/other"`,
		},
		{"other codec", device(mjpeg.url()), gatehouse.Invalid, "", "M-JPEG"},
		{"a web server", device("rtsp://" + web + "/"), gatehouse.Unavailable, "", "usually 554"},
		{
			"something else that hangs up", device("rtsp://" + reset + "/"),
			gatehouse.Unavailable, "", "without an answer",
		},
		{
			"hangs up", device("rtsp://" + dead + "/"), gatehouse.Unavailable, "",
			"without an answer",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			g := newGateway(t, d)
			e := spoken(t, d.Connect(ctx, c.device, g.emit))
			if e.Code != c.code || e.Field != c.field || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %s %q %q, want %s %q … %s …", e.Code, e.Field, e.Message, c.code,
					c.field, c.says)
			}
			if strings.Contains(e.Error(), "hunter") {
				t.Errorf("the password is told: %v", e)
			}
			_, err := d.Probe(ctx, c.device)
			if p := spoken(t, err); p.Message != e.Message {
				t.Errorf("Probe says %q, Connect %q", p.Message, e.Message)
			}
		})
	}
}

// listen serves each connection with f and then closes it.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(patience))
			c.Read(make([]byte, 4096))
			f(c)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

// Pictures are decoded without parameter sets in the description, when joining in the middle of a
// group of pictures, and from H.265.
func TestStreamsThatBeginOddly(t *testing.T) {
	d := configured(t, nil)
	r := recording(t, "cap13_edit2.mp4")
	hevc := black(t)
	for _, c := range []struct {
		name   string
		format format.Format
		units  [][][]byte
		width  float64
	}{
		{
			"no parameter sets in the description",
			&format.H264{PayloadTyp: 96, PacketizationMode: 1},
			r.Units,
			400,
		},
		{
			"in the middle of a group",
			&format.H264{PayloadTyp: 96, PacketizationMode: 1},
			append(r.Units[40:60:60], r.Units[:40]...),
			400,
		},
		{
			"H.265",
			&format.H265{PayloadTyp: 96, VPS: hevc[0][0], SPS: hevc[0][1], PPS: hevc[0][2]},
			hevc,
			320,
		},
		{
			"H.265 in the middle, nothing described",
			&format.H265{PayloadTyp: 96},
			append(hevc[5:30:30], hevc[:5]...),
			320,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, c.format, c.units)
			g := newGateway(t, d)
			stop := connect(t, d, device(s.url()), g.emit)
			g.wait("reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
			got, err := d.Command(context.Background(),
				drivers.Command{ID: "1", Device: "gate-camera", Action: "snapshot"})
			if err != nil {
				t.Fatal(err)
			}
			if w, _ := got.Values["width"].Float(); w != c.width {
				t.Errorf("got a picture %v pixels wide, want %v", w, c.width)
			}
			if err := stop(); err != nil {
				t.Errorf("got %v at the end, want nil", err)
			}
		})
	}
}

// A camera that dies ends Connect at once; one that falls silent ends it within readTime; one
// without key frames yields an error that says what to set.
func TestStreamsThatEnd(t *testing.T) {
	r := recording(t, "cap13_edit2.mp4")
	h264 := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	// A sequence parameter set (H.264, 7.3.2.1.1) for pictures of 8192x8192.
	vast := []byte{0x67, 66, 0, 62, 0xda, 0x00, 0x20, 0x00, 0x04, 0x01, 0x90}
	for _, c := range []struct {
		name  string
		units [][][]byte
		then  func(*stage)
		says  string
	}{
		{"dies", r.Units[:100], func(s *stage) { s.die() }, "closed the connection"},
		{
			"falls silent",
			r.Units[:100],
			func(s *stage) { close(s.quiet) },
			"has sent nothing for 5s",
		},
		{"no key frame", r.Units[1:30], nil, "key frame interval"},
		{
			"grows beyond all bounds",
			append(r.Units[:1:1], append([][]byte{vast}, r.Units[1]...)),
			nil,
			"8192x8192",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := configured(t, nil)
			s := newStage(t, h264, c.units)
			g := newGateway(t, d)
			ended := make(chan error, 1)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			go func() { ended <- d.Connect(ctx, device(s.url()), g.emit) }()
			if c.then != nil {
				g.wait("reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
				c.then(s)
			}
			if e := spoken(t, <-ended); !strings.Contains(e.Message, c.says) {
				t.Errorf("got %q, want … %s …", e.Message, c.says)
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	_, err := d.Command(context.Background(),
		drivers.Command{ID: "1", Device: "gate-camera", Action: "snapshot"})
	if e := spoken(t, err); e.Code != gatehouse.Unavailable {
		t.Errorf("before Connect: got %v, want unavailable", e)
	}
	g := newGateway(t, d)
	connect(t, d, device("rtsp://"+addr+"/gate"), g.emit)
	g.wait("reading", isReading)
	r, err := d.Command(context.Background(),
		drivers.Command{
			ID:     "2",
			Device: "gate-camera",
			Action: "snapshot",
			Values: map[string]gatehouse.Value{"faces": gatehouse.BoolValue(true)},
		})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := r.Values["faces"].Float(); n != 1 {
		t.Errorf("got %v faces, want 1", n)
	}
	if c, kind, err := image.DecodeConfig(bytes.NewReader(r.Data)); err != nil || kind != "jpeg" ||
		c.Width != 360 || c.Height != 288 {
		t.Errorf("the snapshot is %q, %+v: %v", kind, c, err)
	}
	_, err = d.Command(context.Background(),
		drivers.Command{ID: "3", Device: "gate-camera", Action: "dance"})
	if e := spoken(t, err); e.Code != gatehouse.NotFound {
		t.Errorf("got %v, want not_found", e)
	}
}

func TestReadingsTellRateAndFaces(t *testing.T) {
	d := configured(t, map[string]string{"fps": "5"})
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	g := newGateway(t, d)
	connect(t, d, device("rtsp://"+addr+"/gate"), g.emit)
	v := g.wait("reading with a rate", isReading).Reading.Values
	t.Logf("readings: %v", v)
	if fps, _ := v["fps"].Float(); fps < 3 || fps > 6 {
		t.Errorf("got %v frames/s, want about 5", fps)
	}
	if faces, _ := v["faces"].Float(); faces != 1 {
		t.Errorf("got %v faces, want 1", faces)
	}
}

func TestOneCameraTooMany(t *testing.T) {
	d := configured(t, map[string]string{"max_cameras": "1"})
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	g := newGateway(t, d)
	stop := connect(t, d, device("rtsp://"+addr+"/gate"), g.emit)
	g.wait("reading", func(o gatehouse.Observation) bool { return o.Reading != nil })
	second := device("rtsp://" + addr + "/gate")
	second.ID = "second"
	e := spoken(t, d.Connect(context.Background(), second, g.emit))
	if e.Code != gatehouse.Unavailable || !strings.Contains(e.Message, "max_cameras") {
		t.Errorf("got %v, want unavailable and max_cameras", e)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	stop = connect(t, d, second, g.emit)
	defer stop()
	_, err := d.Command(context.Background(),
		drivers.Command{ID: "1", Device: "gate-camera", Action: "snapshot"})
	if e := spoken(t, err); e.Code != gatehouse.Unavailable {
		t.Errorf("the first camera after its end: got %v, want unavailable", e)
	}
}

// Observations that the gateway refuses are emitted again, without stopping the stream.
func TestWhatIsNotKeptIsEmittedAgain(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t, map[string]string{"gate": media(t, "franck.mp4")}, "", "")
	g := newGateway(t, d)
	var refused []gatehouse.Observation // appended by the emitting goroutine only
	emit := func(ctx context.Context, o ...gatehouse.Observation) error {
		if len(refused) < 2 {
			refused = append(refused, o...)
			return errors.New("the disk is full")
		}
		return g.emit(ctx, o...)
	}
	stop := connect(t, d, device("rtsp://"+addr+"/gate"), emit)
	first := g.wait("observation", func(gatehouse.Observation) bool { return true })
	g.wait("sighting", isSighting)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if !first.Time.Equal(refused[0].Time) {
		t.Errorf("got the observation of %v first, want that of %v, which was refused", first.Time,
			refused[0].Time)
	}
}

func TestLatestKeepsTheNewestOfEachAndDropsTheOldest(t *testing.T) {
	b := newLatest()
	at := func(n int) gatehouse.Observation { return gatehouse.Observation{Sequence: uint64(n)} }
	b.put("a", at(1))
	b.put("b", at(2))
	b.put("a", at(3))
	for i := range vision.MaxTracks {
		b.put(strconv.Itoa(i), at(10+i))
	}
	var got []uint64
	for {
		o, ok := b.take()
		if !ok {
			break
		}
		got = append(got, o.Sequence)
	}
	want := []uint64{2} // "a" was the oldest and was dropped when it was full
	for i := range vision.MaxTracks {
		want = append(want, uint64(10+i))
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// TestLatestKeepsTheStateOfTheCamera: the state is reported only when it changes.
func TestLatestKeepsTheStateOfTheCamera(t *testing.T) {
	b := newLatest()
	b.put(statusKey, gatehouse.Observation{Sequence: 1})
	for i := range 2 * vision.MaxTracks {
		b.put(strconv.Itoa(i), gatehouse.Observation{Sequence: uint64(10 + i)})
	}
	if o, ok := b.take(); !ok || o.Sequence != 1 {
		t.Errorf("got %+v first, want the camera's state, which a flood of sightings must not push out", o)
	}
	if n := len(b.keys); n != vision.MaxTracks {
		t.Errorf("got %d sightings kept, want %d", n, vision.MaxTracks)
	}
}
