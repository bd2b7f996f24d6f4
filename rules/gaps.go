package rules

import "slices"

// gap is a time in which the gateway did not listen.
type gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// maxGaps is how many are remembered; beyond it the two oldest become one.
const maxGaps = 16

// missed records a gap, and forgets those before which no value counts any more.
func (e *Engine) missed(from, to int64) {
	e.gaps = slices.DeleteFunc(e.gaps, func(x gap) bool {
		return x.To+int64(MaxDuration+DefaultFresh) < to
	})
	e.gaps = append(e.gaps, gap{
		From: from,
		To:   to,
	})
	if len(e.gaps) > maxGaps {
		e.gaps[1].From = e.gaps[0].From
		e.gaps = e.gaps[1:]
	}
}

// freshUntil is when a value becomes stale: as long after each gap as it counts at all, since its
// device may not have been heard in the gap. A value that was stale when a gap began stays so.
func freshUntil(at, fresh int64, gaps []gap) int64 {
	until := at + fresh
	for _, x := range gaps {
		if x.To <= at {
			continue
		}
		if until <= x.From {
			break
		}
		until = x.To + fresh
	}
	return until
}
