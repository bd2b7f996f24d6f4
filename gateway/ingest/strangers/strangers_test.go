package strangers_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

func look(track string, s float64) strangers.Look {
	return strangers.Look{
		School: "sch", Zone: "gate", Device: "cam", Track: track, At: at(s), Quality: 0.5,
		Sighting: g.SightingID(fmt.Sprintf("sgt_%s_%v", track, s)), Picture: []byte(track),
	}
}

// Whoever shows a card, a code or is let in by a colleague within ten seconds leaves no
// picture, on whichever side of the look the passage lies.
func TestAPassageNearLeavesNoPicture(t *testing.T) {
	for _, c := range []struct {
		card float64
		zone g.ZoneID
		want strangers.Finding
	}{
		{-10, "gate", strangers.Passed},
		{0, "gate", strangers.Passed},
		{10, "gate", strangers.Passed},
		{-10.1, "gate", strangers.Stands},
		{10.1, "gate", strangers.Stands},
		{0, "canteen", strangers.Stands},
	} {
		var p strangers.Place
		if c.card <= 0 {
			p.Pass("sch", c.zone, at(c.card), at(c.card))
		}
		p.Hold(look("a", 0), at(0))
		if c.card > 0 {
			p.Pass("sch", c.zone, at(c.card), at(c.card))
		}
		got, found := p.Settle("sgt_a_0", at(11))
		if found != c.want || (found == strangers.Stands) != (string(got.Picture) == "a") {
			t.Errorf("a card at %v s in %s: got %v with %q, want %v", c.card, c.zone, found,
				got.Picture, c.want)
		}
		if n, b, _ := p.Stat(); n != 0 || b != 0 {
			t.Errorf("a card at %v s: %d tracks and %d bytes are still held", c.card, n, b)
		}
	}
}

func TestTwoClocksNeedNotAgree(t *testing.T) {
	var p strangers.Place
	p.Hold(look("a", 0), at(0))
	p.Pass("sch", "gate", at(-3600), at(4)) // the terminal's clock is an hour behind
	if _, found := p.Settle("sgt_a_0", at(11)); found != strangers.Passed {
		t.Errorf("got %v, want passed", found)
	}
}

func TestNothingIsSettledBeforeTenSeconds(t *testing.T) {
	var p strangers.Place
	p.Hold(look("a", 0), at(0))
	if _, found := p.Settle("sgt_a_0", at(9.9)); found != strangers.Wait {
		t.Errorf("got %v, want to wait", found)
	}
	p.Hold(look("a", 9), at(9))
	if _, found := p.Settle("sgt_a_0", at(10)); found != strangers.Stands {
		t.Errorf("somebody who stays: got %v, want a stranger ten seconds after the first look",
			found)
	}
	if _, found := p.Settle("sgt_a_9", at(10)); found != strangers.Nothing {
		t.Errorf("got %v, want the track gone", found)
	}
}

func TestATrackThatBecomesKnownIsForgotten(t *testing.T) {
	var p strangers.Place
	p.Hold(look("a", 0), at(0))
	p.Hold(look("b", 0), at(0))
	p.Known("cam", "a")
	if _, found := p.Settle("sgt_a_0", at(20)); found != strangers.Nothing {
		t.Errorf("got %v, want nothing of somebody who is known", found)
	}
	if _, found := p.Settle("sgt_b_0", at(20)); found != strangers.Stands {
		t.Errorf("got %v, want the other track as it was", found)
	}
}

func TestTheBestLookOfATrackIsHeld(t *testing.T) {
	var p strangers.Place
	for i, q := range []float64{0.4, 0.9, 0.6} {
		l := look("a", float64(i))
		l.Quality = q
		p.Hold(l, l.At)
	}
	got, found := p.Settle("sgt_a_0", at(15))
	if found != strangers.Stands || got.Quality != 0.9 {
		t.Errorf("got %v with quality %v, want the best look", found, got.Quality)
	}
}

// A Place is limited in tracks, bytes and time; the oldest is dropped first.
func TestBounds(t *testing.T) {
	var p strangers.Place
	for i := range strangers.MaxTracks + 5 {
		p.Hold(look(fmt.Sprint(i), 0), at(0))
	}
	if n, _, lost := p.Stat(); n != strangers.MaxTracks || lost != 5 {
		t.Errorf("got %d tracks, %d lost; want %d and 5", n, lost, strangers.MaxTracks)
	}
	if _, found := p.Settle("sgt_4_0", at(11)); found != strangers.Nothing {
		t.Errorf("got %v, want the oldest to have given way", found)
	}
	if _, found := p.Settle("sgt_5_0", at(11)); found != strangers.Stands {
		t.Errorf("got %v, want the next one held", found)
	}
	p.Expire(at(11).Add(strangers.Patience))
	if n, b, _ := p.Stat(); n != 0 || b != 0 {
		t.Errorf("got %d tracks and %d bytes after all patience, want none", n, b)
	}
	big := make([]byte, strangers.MaxBytes/4)
	for i := range 6 {
		l := look(fmt.Sprint("big", i), 0)
		l.Picture = big
		p.Hold(l, at(200))
	}
	if n, b, _ := p.Stat(); n != 4 || b != strangers.MaxBytes {
		t.Errorf("got %d tracks and %d bytes, want 4 and %d", n, b, strangers.MaxBytes)
	}
}
