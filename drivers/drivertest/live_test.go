package drivertest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// eye is driver and camera in one. flaw names the mistake that it makes.
type eye struct{ flaw string }

var eyeProfile = gatehouse.Profile{
	ID:         "eye",
	Title:      "Eye",
	Type:       gatehouse.TypeCamera,
	Properties: map[string]gatehouse.Property{"open": {Type: "boolean"}},
}

func (eye) Describe() drivers.Description {
	return drivers.Description{
		Name:     "eye",
		Title:    "Eye",
		Version:  "1",
		Profiles: []gatehouse.Profile{eyeProfile},
	}
}

func (eye) Connect(ctx context.Context, _ drivers.Device, emit drivers.Emit) error {
	open := map[string]gatehouse.Value{"open": gatehouse.BoolValue(true)}
	o := gatehouse.Observation{Reading: &gatehouse.Reading{Values: open}}
	if err := emit(ctx, o); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (e eye) Watch(ctx context.Context, _ drivers.Device, out *drivers.Pictures) error {
	interval := time.NewTicker(time.Millisecond)
	defer interval.Stop()
	for n := 0; ; n++ {
		p := drivers.Picture{
			Codec: drivers.CodecH264,
			Key:   n%10 == 0,
			Data:  []byte("\x00\x00\x01\x41-slice"),
			Stamp: int64(n) * drivers.PictureClock / 25,
		}
		if p.Key {
			p.Data = []byte("\x00\x00\x01\x67-set\x00\x00\x01\x68-set\x00\x00\x01\x65-slice")
		}
		switch e.flaw {
		case "bare":
			p.Data = []byte("\x00\x00\x01\x65-slice")
		case "unmarked":
			p.Key = false
		case "timeless":
			p.Stamp = 7
		case "still":
			if n > 0 {
				<-ctx.Done()
			}
		case "absent":
			return nil
		}
		if err := out.Put(p); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			if e.flaw == "clingy" {
				select {}
			}
			return nil
		case <-interval.C:
		}
	}
}

// blind is an eye without Watch.
type blind struct{ drivers.Driver }

func TestGoodEye(t *testing.T) {
	f := drivertest.Fixture{Driver: eye{}, Device: drivers.Device{Profile: eyeProfile}, Watch: true}
	for _, r := range drivertest.Check(t.Context(), f) {
		if r.Check == "shows live pictures" && r.Skipped != "" {
			t.Errorf("%s: skipped: %s", r.Check, r.Skipped)
		}
		if r.Err != nil {
			t.Errorf("%s: %v", r.Check, r.Err)
		}
	}
}

// Each flaw is found by the check of live pictures, with a message that says what it is.
func TestFlawsOfLivePicturesAreFound(t *testing.T) {
	for _, c := range []struct {
		driver drivers.Driver
		want   string
	}{
		{blind{eye{}}, "the driver has no Watch"},
		{eye{"bare"}, `it lacks ["PPS" "SPS"]`},
		{eye{"unmarked"}, "viewer 1 of 16 at once: no key picture came"},
		{eye{"still"}, "viewer 1 of 16 at once: 1 of 3 pictures came"},
		{eye{"timeless"}, "only 1 have stamps of their own"},
		{eye{"absent"}, "viewer 1 of 16 at once: the driver ended the connection without a reason"},
		{eye{"clingy"}, "a viewer after 16 have gone (does Watch return"},
	} {
		t.Run(fmt.Sprintf("%T %[1]v", c.driver), func(t *testing.T) {
			t.Parallel() // some run into a timeout
			f := drivertest.Fixture{
				Driver:   c.driver,
				Device:   drivers.Device{Profile: eyeProfile},
				Watch:    true,
				Patience: 4 * time.Second, // also on a machine with much other work
			}
			var found []string
			for _, r := range drivertest.Check(t.Context(), f) {
				if r.Err == nil {
					continue
				}
				found = append(found, fmt.Sprintf("%s: %v", r.Check, r.Err))
				if r.Check == "shows live pictures" && strings.Contains(r.Err.Error(), c.want) {
					return
				}
			}
			t.Errorf("got %q, want …%s…", found, c.want)
		})
	}
}
