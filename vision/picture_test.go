package vision

import (
	"math/rand/v2"
	"testing"
	"time"
)

// scene draws a 160x120 picture: a chequered wall, noise of so many grey levels, and a clock in a
// corner that changes every second.
func scene(r *rand.Rand, at time.Time, low, high, noise int) Frame {
	f := Frame{Width: 160, Height: 120, Pix: make([]byte, 3*160*120), Time: at}
	for i := range f.Width * f.Height {
		x, y := i%f.Width, i/f.Width
		v := low
		if (x/20+y/20)%2 == 0 {
			v = high
		}
		if y < 4 && x < 20 {
			v = (at.Second()*97 + x/4*31) % 256
		} else if noise > 0 {
			v += r.IntN(2*noise+1) - noise
		}
		for c := range 3 {
			f.Pix[3*i+c] = byte(max(0, min(v, 255)))
		}
	}
	return f
}

// soft averages a frame over 17 pixels, three times each way, like a lens out of focus.
func soft(f Frame) Frame {
	for range 3 {
		f = averaged(f, 3, 3*f.Width, f.Width, f.Height)
		f = averaged(f, 3*f.Width, 3, f.Height, f.Width)
	}
	return f
}

func averaged(f Frame, step, lines, length, count int) Frame {
	out := Frame{Width: f.Width, Height: f.Height, Pix: make([]byte, len(f.Pix)), Time: f.Time}
	for line := range count {
		for i := range length {
			sum, n := 0, 0
			for k := max(0, i-8); k <= min(length-1, i+8); k++ {
				sum, n = sum+int(f.Pix[line*lines+k*step]), n+1
			}
			for c := range 3 {
				out.Pix[line*lines+i*step+c] = byte(sum / n)
			}
		}
	}
	return out
}

// Each kind of picture is shown for forty seconds at five a second, followed by a live one.
func TestPictureWatchTellsWhatAPictureIsWorth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		draw  func(time.Time) Frame
		want  PictureState
		after time.Duration
	}{
		{"live", func(at time.Time) Frame {
			return scene(r, at, 80, 120, 2)
		}, PictureOK, 3 * time.Second},
		{"a dim corridor", func(at time.Time) Frame {
			return scene(r, at, 10, 60, 4)
		}, PictureOK, 3 * time.Second},
		{"no light", func(at time.Time) Frame {
			return scene(r, at, 3, 3, 2)
		}, PictureBlack, 3 * time.Second},
		{"a hand on the lens", func(at time.Time) Frame {
			return scene(r, at, 90, 92, 4)
		}, PictureCovered, 3 * time.Second},
		{"white", func(at time.Time) Frame {
			return scene(r, at, 250, 250, 2)
		}, PictureCovered, 3 * time.Second},
		{"out of focus", func(at time.Time) Frame {
			return soft(scene(r, at, 60, 160, 0))
		}, PictureBlurred, 3 * time.Second},
		{"frozen, the clock runs", func(at time.Time) Frame {
			return scene(r, at, 80, 120, 0)
		}, PictureFrozen, 30 * time.Second},
	} {
		w := NewPictureWatch(DefaultPictureTimes())
		begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		var last PictureState
		var when time.Duration
		for i := range 200 {
			at := begin.Add(time.Duration(i) * time.Second / 5)
			if s, changed := w.Add(c.draw(at)); changed {
				last, when = s, at.Sub(begin)
			}
		}
		if last != c.want || when != c.after {
			t.Errorf("%s: got %q after %v, want %q after %v", c.name, last, when, c.want, c.after)
		}
		var back time.Duration
		for i := range 50 {
			after := time.Duration(i) * time.Second / 5
			s, changed := w.Add(scene(r, begin.Add(40*time.Second+after), 80, 120, 2))
			if changed && s == PictureOK {
				back = after
			}
		}
		if c.want != PictureOK && back != 2*time.Second {
			t.Errorf("%s: believed to be well again after %v, want 2s", c.name, back)
		}
	}
}

// A good camera is not called covered for something that lasts less than ten seconds, such as
// somebody walking close by.
func TestPictureWatchIsPatient(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := NewPictureWatch(DefaultPictureTimes())
	begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for i := range 200 {
		at := begin.Add(time.Duration(i) * time.Second / 5)
		f := scene(r, at, 80, 120, 2)
		if i%100 > 50 && i%100 < 98 { // 9.4 s
			f = scene(r, at, 90, 92, 2)
		}
		if s, changed := w.Add(f); changed && s != PictureOK {
			t.Errorf("after %v: got %q, want a picture that is well", at.Sub(begin), s)
		}
	}
}

// A face in a still is taken once, even if the still is coded a little differently each time. A
// face that moves by a few pixels is taken again, and so is another one in its place.
func TestPictureWatchTakesAStillOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := NewPictureWatch(DefaultPictureTimes())
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	face := Box{X: 50, Y: 30, W: 40, H: 50}
	w.Add(scene(r, at, 80, 140, 1))
	if !w.Fresh(face) {
		t.Error("the first look: got the same, want a new one")
	}
	w.Take(face)
	for range 50 {
		at = at.Add(time.Second / 5)
		w.Add(scene(r, at, 80, 140, 1))
		if w.Fresh(face) {
			t.Fatal("the same picture again: got a new one, want the same")
		}
	}
	f := scene(r, at, 80, 140, 1)
	copy(f.Pix[9:], f.Pix[:len(f.Pix)-9]) // three pixels to the right
	w.Add(f)
	if !w.Fresh(face) {
		t.Error("moved: got the same, want a new one")
	}
}

// Boxes outside the picture, pictures that change size, and no picture at all.
func TestPictureWatchTakesOddFrames(t *testing.T) {
	w := NewPictureWatch(DefaultPictureTimes())
	w.Add(Frame{})
	w.Take(Box{X: 5, Y: 5, W: 5, H: 5})
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, size := range [][2]int{{17, 33}, {1, 1}, {1280, 9}, {641, 359}} {
		w.Add(Frame{
			Width:  size[0],
			Height: size[1],
			Pix:    make([]byte, 3*size[0]*size[1]),
			Time:   at,
		})
		b := Box{X: -50, Y: -50, W: 4000, H: 4000}
		if !w.Fresh(b) {
			t.Errorf("%v: the first look: got the same, want a new one", size)
		}
		w.Take(b)
		if w.Fresh(b) {
			t.Errorf("%v: got a new one, want the same", size)
		}
	}
}
