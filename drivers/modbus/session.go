package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// session polls one device.
type session struct {
	set    settings
	line   *line
	blocks []block
	now    func() time.Time
	poke   chan struct{} // size 1: requests a poll now

	// properties whose register does not respond, and until when they are skipped
	muted  map[string]time.Time
	rejoin time.Time // when to read split blocks as a whole again; zero: none is split

	fault string // last fault reported to the gateway, "" if none
}

// run polls until ctx ends or the device cannot be read.
func (s *session) run(ctx context.Context, emit drivers.Emit) error {
	tick := time.NewTicker(s.set.interval)
	defer tick.Stop()
	for {
		values, troubles, err := s.readAll(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.tell(ctx, emit, values, troubles); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("hand over a reading: %w", err)
		}
		select {
		case <-tick.C:
		case <-s.poke:
		case <-ctx.Done():
			return nil
		}
	}
}

// tell emits the values, and a status if the troubles have changed.
func (s *session) tell(
	ctx context.Context, emit drivers.Emit, values map[string]gatehouse.Value, troubles []gatehouse.Reason,
) error {
	var out []gatehouse.Observation
	at := s.now()
	if len(values) > 0 {
		out = append(out,
			gatehouse.Observation{
				Time:    at,
				Reading: &gatehouse.Reading{Values: values},
			})
	}
	fault := sentence(troubles)
	if fault != s.fault {
		st := &gatehouse.Status{State: gatehouse.StateOnline}
		if fault != "" {
			st = &gatehouse.Status{
				State:  gatehouse.StateFault,
				Reason: fault,
				Causes: troubles,
			}
		}
		out = append(out, gatehouse.Observation{
			Time:   at,
			Status: st,
		})
	}
	if len(out) == 0 {
		return nil
	}
	if err := emit(ctx, out...); err != nil {
		return err
	}
	s.fault = fault
	return nil
}

// muteFor is how long a register that does not respond is skipped: each attempt costs a timeout.
const muteFor = time.Minute

// rejoinAfter is how long a block stays split after a missing response: it may have been a single
// lost packet, and each further request lengthens the round.
const rejoinAfter = 10 * time.Minute

// readAll reads every block once. troubles are faults of single registers; the error means that the
// device cannot be read at all. If a block of several points is refused, it is split into one
// request a point for as long as the session lasts; if it gets no response, for rejoinAfter.
func (s *session) readAll(
	ctx context.Context,
) (map[string]gatehouse.Value, []gatehouse.Reason, error) {
	values := map[string]gatehouse.Value{}
	var troubles []gatehouse.Reason
	var last error
	silent, heard := 0, false
	if !s.rejoin.IsZero() && !s.now().Before(s.rejoin) {
		s.blocks, s.rejoin = plan(s.set.points, s.set.gap), time.Time{}
	}
	for i := 0; i < len(s.blocks); i++ {
		b := s.blocks[i]
		if s.leftOut(b) {
			troubles = append(troubles, b.mute())
			continue
		}
		data, err := s.line.read(ctx, s.set.manner(), b)
		var exc *exceptionError
		var mute *muteError
		switch {
		case errors.As(err, &mute):
			if silent++; silent > 1 && !heard || ctx.Err() != nil {
				return nil, nil, err
			}
		case errors.As(err, &exc):
			heard = true
			if exc.code == 10 || exc.code == 11 { // a Modbus gateway reports a silent unit
				return nil, nil, err
			}
		case err != nil:
			return nil, nil, err
		}
		if err != nil && len(b.points) > 1 && (mute != nil || !busy(exc.code)) {
			// Some of its registers may not exist: read each point alone.
			if mute != nil {
				s.rejoin = s.now().Add(rejoinAfter)
			}
			s.blocks = append(append(append([]block{}, s.blocks[:i]...), b.apart()...),
				s.blocks[i+1:]...)
			i--
			continue
		}
		if err != nil {
			last = err
			if mute != nil {
				s.leave(b)
				troubles = append(troubles, b.mute())
				continue
			}
			troubles = append(troubles, gatehouse.ReasonOf(err))
			continue
		}
		heard = true
		for _, p := range b.points {
			v, err := p.value(b, data)
			if err != nil {
				troubles = append(troubles, gatehouse.ReasonOf(err))
				continue
			}
			values[p.property] = v
		}
	}
	if len(values) == 0 && last != nil {
		s.muted = nil
		return nil, nil, last
	}
	return values, limit(troubles), nil
}

// leave skips the block's only point for muteFor.
func (s *session) leave(b block) {
	if s.muted == nil {
		s.muted = map[string]time.Time{}
	}
	s.muted[b.points[0].property] = s.now().Add(muteFor)
}

func (s *session) leftOut(b block) bool {
	return len(b.points) == 1 && s.now().Before(s.muted[b.points[0].property])
}

// value decodes the point from its block's data.
func (p point) value(b block, data []byte) (gatehouse.Value, error) {
	i := p.addr - b.addr
	if p.table == coil || p.table == discrete {
		return p.fromBit(data[i/8]>>(i%8)&1 == 1), nil
	}
	return p.decode(data[2*i : 2*(i+p.size())])
}

func (s *session) point(property string) (point, bool) {
	for _, p := range s.set.points {
		if p.property == property {
			return p, true
		}
	}
	return point{}, false
}

// mute is the reason for a block's only point not responding.
func (b block) mute() gatehouse.Reason {
	p := b.points[0]
	return gatehouse.Because(gatehouse.ReasonRegisterMute, "property", p.property, "register", p)
}

// limit shortens the list of faults to three and a count.
func limit(troubles []gatehouse.Reason) []gatehouse.Reason {
	if len(troubles) <= 3 {
		return troubles
	}
	return append(troubles[:3:3], gatehouse.Because(gatehouse.ReasonMore, "count", len(troubles)-3))
}

// sentence joins the faults in English.
func sentence(troubles []gatehouse.Reason) string {
	said := make([]string, 0, len(troubles))
	for _, r := range troubles {
		said = append(said, r.String())
	}
	return strings.Join(said, "; ")
}
