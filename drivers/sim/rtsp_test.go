package sim_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// deadline is how long a test waits for something expected at once.
const deadline = 20 * time.Second

// picture is one frame as a viewer receives it.
type picture struct {
	key   bool
	sets  bool // parameter sets came with it
	index int  // the number that writeVideo gave it
	stamp uint32
	at    time.Time
}

// watch connects to a camera and returns its pictures as they come.
func watch(t *testing.T, address string) (<-chan picture, *gortsplib.Client) {
	t.Helper()
	u, err := base.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	tcp := gortsplib.ProtocolTCP
	c := &gortsplib.Client{
		Scheme:      u.Scheme,
		Host:        u.Host,
		Protocol:    &tcp,
		ReadTimeout: 5 * time.Second,
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	desc, _, err := c.Describe(u)
	if err != nil {
		t.Fatal(err)
	}
	var f *format.H264
	medi := desc.FindFormat(&f)
	if medi == nil {
		t.Fatal("the camera offers no H.264")
	}
	if _, err := c.Setup(desc.BaseURL, medi, 0, 0); err != nil {
		t.Fatal(err)
	}
	dec, err := f.CreateDecoder()
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan picture, 1024)
	c.OnPacketRTP(medi, f, func(p *rtp.Packet) {
		units, err := dec.Decode(p)
		if err != nil {
			return
		}
		pic := picture{stamp: p.Timestamp, at: time.Now(), index: -1}
		for _, n := range units {
			switch h264.NALUType(n[0] & 0x1F) {
			case h264.NALUTypeSPS:
				pic.sets = true
			case h264.NALUTypeIDR:
				pic.key = true
				fallthrough
			case h264.NALUTypeNonIDR:
				pic.index = int(binary.BigEndian.Uint16(n[1:]))
			}
		}
		out <- pic
	})
	if _, err := c.Play(nil); err != nil {
		t.Fatal(err)
	}
	return out, c
}

func next(t *testing.T, c <-chan picture) picture {
	t.Helper()
	select {
	case p := <-c:
		return p
	case <-time.After(deadline):
		t.Fatal("no picture came")
		return picture{}
	}
}

// serve runs cameras until the test ends.
func serve(t *testing.T, paths map[string]string, user, pass string) *sim.RTSP {
	t.Helper()
	r, err := sim.NewRTSP("127.0.0.1:0", paths, user, pass)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("cameras: got %v, want nil", err)
		}
	})
	return r
}

func TestVideoPlaysRoundAndRound(t *testing.T) {
	const n = 20
	r := serve(t, map[string]string{"gate": writeVideo(t, n)}, "", "")
	pics, _ := watch(t, "rtsp://"+r.Addr()+"/gate")
	var got, want []picture
	var first picture
	for i := range 2*n + 5 {
		p := next(t, pics)
		if i == 0 {
			first = p
		}
		at := p.at
		got = append(got,
			picture{key: p.key, sets: p.sets, index: p.index, stamp: p.stamp - first.stamp})
		k := i % n
		shown := i + []int{0, 1, -1}[k%testGroup%3]
		want = append(want,
			picture{
				key:   k%testGroup == 0,
				sets:  k%testGroup == 0,
				index: k,
				stamp: uint32(shown * testStep * 90000 / testScale),
			})
		if early := first.at.Add(time.Duration(i)*40*time.Millisecond - 200*time.Millisecond); at.Before(
			early) {
			t.Fatalf("picture %d came %s too early", i, early.Sub(at))
		}
	}
	if d := cmp.Diff(got, want, cmp.AllowUnexported(picture{})); d != "" {
		t.Errorf("pictures, got - want +:\n%s", d)
	}
}

func TestLaterViewerGetsKeyFrameAtOnce(t *testing.T) {
	r := serve(t, map[string]string{"gate": longGroup(t)}, "", "")
	early, _ := watch(t, "rtsp://"+r.Addr()+"/gate")
	stamp := next(t, early).stamp
	for range 3 {
		next(t, early)
	}
	late, _ := watch(t, "rtsp://"+r.Addr()+"/gate")
	for before := 0; !next(t, late).key; before++ {
		if before > 15 { // frames that were being sent when it joined may come first
			t.Fatalf("%d pictures came without a key frame before them", before)
		}
	}
	for range 20 { // the first viewer's time stamps do not go back
		p := next(t, early)
		if d := int32(p.stamp - stamp); d < -3*3600 {
			t.Fatalf("time ran back by %d", -d)
		}
		stamp = max(stamp, p.stamp)
	}
}

// longGroup is a video with a key frame only every 200 frames, as real files have.
func longGroup(t *testing.T) string { return writeVideoGroup(t, 400, 200) }

func TestCameraAsksForPassword(t *testing.T) {
	r := serve(t, map[string]string{"gate": writeVideo(t, 20)}, "guard", "s3cret")
	pics, _ := watch(t, "rtsp://guard:s3cret@"+r.Addr()+"/gate")
	next(t, pics)
	for _, address := range []string{
		"rtsp://" + r.Addr() + "/gate",
		"rtsp://guard:wrong@" + r.Addr() + "/gate",
	} {
		if got := describe(t, address); got == nil ||
			!strings.Contains(got.Error(), "401") && !strings.Contains(got.Error(), "auth") {
			t.Errorf("%s: got %v, want a refusal", address, got)
		}
	}
	if got := describe(t, "rtsp://guard:s3cret@"+r.Addr()+"/none"); got == nil ||
		!strings.Contains(got.Error(), "404") {
		t.Errorf("unknown path: got %v, want 404", got)
	}
}

func describe(t *testing.T, address string) error {
	t.Helper()
	u, err := base.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	c := &gortsplib.Client{Scheme: u.Scheme, Host: u.Host}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _, err = c.Describe(u)
	return err
}

func TestCameraIsWatchedAgain(t *testing.T) {
	r := serve(t, map[string]string{"gate": writeVideo(t, 20)}, "", "")
	for i := range 3 {
		pics, c := watch(t, "rtsp://"+r.Addr()+"/gate")
		before := 0
		for !next(t, pics).key {
			if before++; before > testGroup {
				t.Fatalf("viewer %d: no key frame among %d pictures", i, before)
			}
		}
		c.Close()
	}
}

func TestVideoThatIsNone(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mp4")
	if err := os.WriteFile(text, []byte("this is not a video at all, not even nearly"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.mp4")
	b, err := os.ReadFile(writeVideo(t, 20))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, b[:len(b)-300], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{text, cut, filepath.Join(dir, "absent.mp4")} {
		_, err := sim.NewRTSP("127.0.0.1:0", map[string]string{"x": file}, "", "")
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want an error that names the file", file, err)
		}
	}
}

// The demonstration's videos, if set-up has fetched them.
func TestRealVideos(t *testing.T) {
	files, _ := filepath.Glob("../../.cache/media/*.mp4")
	if len(files) == 0 {
		t.Skip("no videos in .cache/media; run make setup to fetch them")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			r := serve(t, map[string]string{"x": f}, "", "")
			pics, _ := watch(t, "rtsp://"+r.Addr()+"/x")
			first := next(t, pics)
			seen := map[uint32]bool{first.stamp: true}
			for range 30 {
				p := next(t, pics)
				if seen[p.stamp] {
					t.Errorf("two pictures with time stamp %d", p.stamp)
				}
				seen[p.stamp] = true
			}
			if !first.key || !first.sets {
				t.Errorf("first picture: got key %v with sets %v, want both", first.key, first.sets)
			}
		})
	}
}
