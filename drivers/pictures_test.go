package drivers_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// picture makes the n-th picture of a stream with 25 pictures a second.
func picture(n int, key bool) drivers.Picture {
	p := drivers.Picture{
		Codec: drivers.CodecH264,
		Key:   key,
		Data:  []byte("\x00\x00\x00\x01\x41-slice"),
		Stamp: int64(n) * drivers.PictureClock / 25,
	}
	if key {
		p.Data = []byte("\x00\x00\x00\x01\x67-set\x00\x00\x01\x68-set\x00\x00\x01\x65-slice")
	}
	return p
}

// number is the inverse of picture.
func number(p drivers.Picture) int { return int(p.Stamp * 25 / drivers.PictureClock) }

// over returns an ended context: Next then never blocks.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestWhoComesLate: a viewer who comes in the middle of a group misses the rest of it.
func TestWhoComesLate(t *testing.T) {
	q := drivers.NewPictures()
	for n := 3; n < 12; n++ {
		if err := q.Put(picture(n, n%10 == 0)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := q.Next(t.Context())
	if err != nil || number(p) != 10 || !p.Key || p.Dropped != 0 {
		t.Errorf("got picture %d, %+v, %v, want the key picture 10 and nothing dropped", number(p), p, err)
	}
	if p, err = q.Next(t.Context()); err != nil || number(p) != 11 || p.Key {
		t.Errorf("got picture %d, %v, want 11", number(p), err)
	}
}

// TestASlowViewer: one that does not look for 20 s misses whole groups and is told how much.
func TestASlowViewer(t *testing.T) {
	q := drivers.NewPictures()
	for n := range 500 {
		if err := q.Put(picture(n, n%25 == 0)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := q.Next(t.Context())
	if err != nil || !p.Key || number(p) < 450 || int(p.Dropped) != number(p) {
		t.Errorf("got picture %d, dropped %d, %v, want a key picture of the last 2 s", number(p),
			p.Dropped, err)
	}
}

// TestPicturesThatAreLarge: the queue is bounded in bytes, and one picture always has room.
func TestPicturesThatAreLarge(t *testing.T) {
	q := drivers.NewPictures()
	for n := range 5 {
		p := picture(n, true)
		p.Data = append(p.Data, make([]byte, drivers.MaxPicture-len(p.Data))...)
		if err := q.Put(p); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := q.Next(t.Context()); err != nil || number(p) != 4 || p.Dropped != 4 {
		t.Errorf("got picture %d, dropped %d, %v, want the last of 5", number(p), p.Dropped, err)
	}
	if _, err := q.Next(over()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want nothing more", err)
	}
}

// TestThePicturesEnd: nothing is shown after the end, and the first reason counts.
func TestThePicturesEnd(t *testing.T) {
	gone := errors.New("the camera is gone")
	for want, end := range map[error]error{gone: gone, io.EOF: nil} {
		q := drivers.NewPictures()
		if err := q.Put(picture(0, true)); err != nil {
			t.Fatal(err)
		}
		q.End(end)
		q.End(errors.New("again"))
		if err := q.Put(picture(1, true)); err != nil {
			t.Errorf("got %v for a picture after the end, want it passed over", err)
		}
		for range 2 {
			if _, err := q.Next(t.Context()); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	}
}

// TestEveryViewCanBeDecoded: whatever the pace of camera and viewer, each picture follows the one
// before it or is a key picture, and what is missing is counted.
func TestEveryViewCanBeDecoded(t *testing.T) {
	large := append(picture(0, true).Data, make([]byte, 1<<17)...)
	rapid.Check(t, func(t *rapid.T) {
		q := drivers.NewPictures()
		put, last := 0, -1
		take := func() bool {
			p, err := q.Next(over())
			if err != nil {
				return false
			}
			missed := number(p) - last - 1
			if !p.Key && missed > 0 {
				t.Fatalf("got picture %d after %d, which cannot be decoded", number(p), last)
			}
			if last >= 0 && int(p.Dropped) != missed {
				t.Fatalf("picture %d says that %d were dropped; %d were", number(p), p.Dropped, missed)
			}
			last = number(p)
			return true
		}
		for range rapid.IntRange(1, 20).Draw(t, "turns") {
			group, size := rapid.IntRange(1, 60).Draw(t, "group"), rapid.IntRange(64, len(large)).Draw(t, "size")
			for range rapid.IntRange(0, 150).Draw(t, "put") {
				p := picture(put, put%group == 0)
				p.Data = large[:size]
				if err := q.Put(p); err != nil {
					t.Fatal(err)
				}
				put++
			}
			for range rapid.IntRange(0, 150).Draw(t, "take") {
				if !take() {
					break
				}
			}
		}
		held, bytes := 0, 0
		for {
			p, err := q.Next(over())
			if err != nil {
				break
			}
			held, bytes = held+1, bytes+len(p.Data)
		}
		if held > 128 || bytes > drivers.MaxPicture {
			t.Fatalf("the queue held %d pictures of %d bytes", held, bytes)
		}
	})
}

// TestPicturesThatAreNone: the error says what is wrong.
func TestPicturesThatAreNone(t *testing.T) {
	key := "\x00\x00\x01\x40\x01-vps\x00\x00\x01\x42\x01-sps\x00\x00\x01\x44\x01-pps\x00\x00\x01\x26\x01-slice"
	for name, c := range map[string]struct {
		picture drivers.Picture
		field   string
	}{
		"h265":            {drivers.Picture{Codec: "h265", Key: true, Data: []byte(key)}, ""},
		"another codec":   {drivers.Picture{Codec: "mjpeg", Data: []byte("\x00\x00\x01\x41-")}, "codec"},
		"no data":         {drivers.Picture{Codec: "h264"}, "data"},
		"one zero":        {drivers.Picture{Codec: "h264", Data: []byte("\x00\x01\x41-")}, "data"},
		"lengths instead": {drivers.Picture{Codec: "h264", Data: []byte("\x00\x00\x00\x07\x41slice")}, "data"},
		"no sets":         {drivers.Picture{Codec: "h264", Key: true, Data: []byte("\x00\x00\x01\x65-")}, "data"},
		"sets alone": {
			drivers.Picture{Codec: "h264", Key: true, Data: []byte("\x00\x00\x01\x67-\x00\x00\x01\x68-")},
			"data",
		},
		"sets after it": {
			drivers.Picture{
				Codec: "h264",
				Key:   true,
				Data:  []byte("\x00\x00\x01\x65-\x00\x00\x01\x67-\x00\x00\x01\x68-"),
			},
			"data",
		},
		"too large": {
			drivers.Picture{Codec: "h264", Data: append([]byte{0, 0, 1}, make([]byte, drivers.MaxPicture)...)},
			"data",
		},
	} {
		err := drivers.NewPictures().Put(c.picture)
		var e *gatehouse.Error
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &e) || e.Field != c.field) {
			t.Errorf("%s: got %v, want the field %q refused", name, err, c.field)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add("h264", true, picture(0, true).Data)
	f.Add("h265", true, []byte("\x00\x00\x01\x40\x01\x00\x00\x01\x42\x01\x00\x00\x01\x44\x01\x00\x00\x01\x26\x01"))
	f.Add("h264", false, []byte{0, 0, 1})
	f.Add("", false, []byte{})
	f.Fuzz(func(t *testing.T, codec string, key bool, data []byte) {
		q := drivers.NewPictures()
		p := drivers.Picture{Codec: drivers.Codec(codec), Key: key, Data: data}
		err := q.Put(p)
		if got, nextErr := q.Next(over()); (err == nil && key) != (nextErr == nil) {
			t.Errorf("got %v of Put, then %+v, %v", err, got, nextErr)
		}
	})
}
