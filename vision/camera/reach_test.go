//go:build vision

package main

import (
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestCamerasAreDialledWithinBounds: an address outside the allowed reach gets no request.
func TestCamerasAreDialledWithinBounds(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1}, nil)
	s.gate = func(*base.Request) *base.Response {
		t.Error("it was asked for its stream")
		return &base.Response{StatusCode: base.StatusNotFound}
	}
	dev := device(s.url())
	dev.Reach = drivers.Reach{Bounded: true}
	_, err := configured(t, nil).Probe(t.Context(), dev)
	if err == nil || !strings.Contains(err.Error(), "reach.this_machine") ||
		gatehouse.ErrorCode(err) != gatehouse.Invalid {
		t.Errorf("got %v, want the mend", err)
	}
}

// TestACameraCannotSendUsWhereItMayNotLead: redirections are bound to the allowed reach too.
func TestACameraCannotSendUsWhereItMayNotLead(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1}, nil)
	s.gate = func(*base.Request) *base.Response {
		return &base.Response{
			StatusCode: base.StatusFound,
			Header: base.Header{
				"Location": base.HeaderValue{"rtsp://169.254.169.254:80/latest"},
			},
		}
	}
	dev := device(s.url())
	dev.Reach = drivers.Reach{Bounded: true, ThisMachine: true}
	_, err := configured(t, nil).Probe(t.Context(), dev)
	if err == nil || !strings.Contains(err.Error(), "reach.link_local") {
		t.Errorf("got %v, want the mend", err)
	}
}
