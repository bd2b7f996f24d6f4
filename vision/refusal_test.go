package vision_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Each way of refusing a photograph has its code, and numbers where the sentence has them.
func TestRefusalsAreWords(t *testing.T) {
	of := func(size float64, fault vision.Fault) vision.Seen {
		return vision.Seen{Measure: vision.Measure{Size: size, Score: 0.95}, Fault: fault}
	}
	face := func(seen ...vision.Seen) error {
		_, err := vision.OnlyFace(seen)
		return err
	}
	photo := func(data string) error {
		_, err := vision.ReadPhoto([]byte(data))
		return err
	}
	for _, c := range []struct {
		err        error
		why        vision.Refusal
		have, need float64
	}{
		{face(), vision.NoFace, 0, 0},
		{face(of(200, ""), of(150, "")), vision.SeveralFaces, 2, 1},
		{face(of(62.7, vision.TooSmall)), vision.Refusal(vision.TooSmall), 62, 80},
		{face(of(200, vision.Uncertain)), vision.Refusal(vision.Uncertain), 0, 0},
		{face(of(200, vision.Turned)), vision.Refusal(vision.Turned), 0, 0},
		{face(of(200, vision.TooDark)), vision.Refusal(vision.TooDark), 0, 0},
		{face(of(200, vision.TooBright)), vision.Refusal(vision.TooBright), 0, 0},
		{face(of(200, vision.TooFlat)), vision.Refusal(vision.TooFlat), 0, 0},
		{face(of(200, vision.Blurred)), vision.Refusal(vision.Blurred), 0, 0},
		{face(of(200, vision.NotLive)), vision.Refusal(vision.NotLive), 0, 0},
		{photo(""), vision.Empty, 0, 0},
		{photo(strings.Repeat("x", 9<<20)), vision.TooHeavy, 9, 8},
		{photo("\xff\xd8\xff\xe0"), vision.Damaged, 0, 0},
		{photo("\x00\x00\x00\x18ftypheic"), vision.IsHEIC, 0, 0},
		{photo("GIF89a"), vision.IsGIF, 0, 0},
		{photo("nothing at all"), vision.IsUnknown, 0, 0},
		{vision.TooCostly.Refuse(0, 0, "too slow"), vision.TooCostly, 0, 0},
	} {
		var e *gatehouse.Error
		if !errors.As(c.err, &e) || e.Reason != string(c.why) || e.Have != c.have ||
			e.Need != c.need || e.Field != "photo" {
			t.Errorf("got %+v, want %s with %v and %v", c.err, c.why, c.have, c.need)
		}
		if !slices.Contains(vision.Refusals(), c.why) {
			t.Errorf("%s is missing in Refusals", c.why)
		}
	}
}

// The API's document and the console know every code.
func TestRefusalsAreKnown(t *testing.T) {
	for file, quote := range map[string]string{
		"../api/people/enrol.go":          "",
		"../api/console/src/lib/photo.ts": "'",
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range vision.Refusals() {
			if !strings.Contains(string(b), quote+string(r)+quote) {
				t.Errorf("%s does not know the refusal %s", file, r)
			}
		}
	}
}
