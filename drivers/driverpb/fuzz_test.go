package driverpb_test

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// FuzzObservation decodes what a driver program may send: no input panics, and every decoded
// observation can be encoded again.
func FuzzObservation(f *testing.F) {
	for _, o := range []*driverpb.Observation{
		{},
		{
			Device: "dev_1",
			Time:   timestamppb.Now(),
			Reading: &driverpb.Reading{
				Values: map[string]*driverpb.Value{
					"t":    {Kind: &driverpb.Value_Number{Number: math.NaN()}},
					"none": {},
				},
			},
		},
		{
			Time:   &timestamppb.Timestamp{Seconds: math.MinInt64, Nanos: -1},
			Status: &driverpb.Status{State: "x"},
		},
		{
			Time:     &timestamppb.Timestamp{Seconds: math.MaxInt64, Nanos: math.MaxInt32},
			Sighting: &driverpb.Sighting{Embedding: []float32{1}, Match: &driverpb.Match{}},
		},
	} {
		b, err := proto.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var w driverpb.Observation
		if proto.Unmarshal(b, &w) != nil {
			return
		}
		o := driverpb.ToObservation(&w)
		if y := o.Time.Year(); y < 1 || y > 9999 {
			t.Errorf("got the year %d, want one that can be written", y)
		}
		if _, err := proto.Marshal(driverpb.FromObservation(o)); err != nil {
			t.Errorf("the observation %+v cannot be sent on: %v", o, err)
		}
	})
}

func TestErrorsCrossTheWire(t *testing.T) {
	for _, code := range []gatehouse.Code{
		gatehouse.Invalid, gatehouse.Unauthenticated, gatehouse.Forbidden,
		gatehouse.NotFound, gatehouse.Conflict, gatehouse.Unavailable, gatehouse.TooLarge,
		gatehouse.RateLimited,
	} {
		want := gatehouse.Error{Code: code, Message: "the message", Field: "address.host"}
		var got *gatehouse.Error
		if err := driverpb.CallError("it", driverpb.StatusError(&want)); !errors.As(err, &got) ||
			!reflect.DeepEqual(*got, want) {
			t.Errorf("as a status: got %#v, want %#v", err, want)
		}
		if err := driverpb.ToError(driverpb.FromError(&want)); !errors.As(err, &got) ||
			!reflect.DeepEqual(*got, want) {
			t.Errorf("in a message: got %#v, want %#v", err, want)
		}
	}
	if err := driverpb.CallError("it", driverpb.StatusError(errors.New("plain"))); gatehouse.ErrorCode(
		err) != gatehouse.Unavailable ||
		err.Error() != "plain" {
		t.Errorf("plain error: got %#v", err)
	}
	err := driverpb.CallError("it", status.Error(codes.Internal, "x"))
	if gatehouse.ErrorCode(err) != gatehouse.Unavailable {
		t.Errorf("foreign status: got %#v", err)
	}
	if err := driverpb.ToError(&driverpb.Error{Code: "made up"}); gatehouse.ErrorCode(err) != gatehouse.Unavailable ||
		err.Error() == "" {
		t.Errorf("unknown code without words: got %#v", err)
	}
	if driverpb.ToError(driverpb.FromError(nil)) != nil || driverpb.StatusError(nil) != nil ||
		driverpb.CallError("it", nil) != nil {
		t.Error("nil does not stay nil")
	}
	long := driverpb.FromError(errors.New(string(make([]byte, 10_000)) + "ä"))
	if len(long.GetMessage()) > driverpb.MaxText || !utf8.ValidString(long.GetMessage()) {
		t.Errorf("got a message of %d bytes, want at most %d", len(long.GetMessage()),
			driverpb.MaxText)
	}
}

// An error's reason and its numbers are kept; numbers that JSON cannot represent become 0.
func TestReasonsCrossTheWire(t *testing.T) {
	in := gatehouse.Error{
		Code:    gatehouse.Invalid,
		Message: "too small",
		Field:   "photo",
		Reason:  "too_small",
		Have:    62,
		Need:    80,
	}
	var out *gatehouse.Error
	if !errors.As(driverpb.CallError("driver", driverpb.StatusError(&in)), &out) ||
		!reflect.DeepEqual(*out, in) {
		t.Errorf("got %+v, want %+v", out, in)
	}
	if !errors.As(driverpb.ToError(&driverpb.Error{
		Code:    "invalid",
		Message: "x",
		Have:    math.NaN(),
		Need:    math.Inf(1),
	}),
		&out) ||
		out.Have != 0 || out.Need != 0 {
		t.Errorf("got %+v, want no numbers", out)
	}
}
