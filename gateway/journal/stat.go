package journal

import (
	"context"
	"math"
	"sort"
	"sync/atomic"
	"time"
)

// Stat is the state of a journal at one moment.
type Stat struct {
	State    State      `json:"state"`
	Reason   string     `json:"reason,omitempty"`   // why it does not take records
	NoSpace  bool       `json:"no_space,omitempty"` // the disk is full; else MaxBytes is reached
	Oldest   uint64     `json:"oldest"`             // lowest sequence that may still be read
	Newest   uint64     `json:"newest"`             // highest visible sequence
	Since    time.Time  `json:"since"`              // time of the last record of the oldest segment
	Latest   time.Time  `json:"latest,omitzero"`    // time of the newest record on disk
	Bytes    int64      `json:"bytes"`              // on disk, preallocation included
	MaxBytes int64      `json:"max_bytes"`
	Segments int        `json:"segments"`
	Shards   int        `json:"shards"`
	Queued   int        `json:"queued"` // records that wait for the disk
	Cursors  []Position `json:"cursors"`
	Problems []Problem  `json:"problems,omitempty"` // damage found since Open, the first 1000
	SyncErr  string     `json:"sync_error,omitempty"`
	Reserve  bool       `json:"reserve"` // the disk reserve is held
}

// Position is where a cursor stands.
type Position struct {
	Name string `json:"name"`
	Seq  uint64 `json:"seq"`
	Lag  uint64 `json:"lag"`
	// bytes of the segments with records that it has not committed
	Held int64 `json:"held"`
	Open bool  `json:"open"`
}

// segmentStat is what Stat needs of a segment.
type segmentStat struct {
	last  uint64
	bytes int64
}

// Stat returns the current state of the journal.
func (j *Journal) Stat() Stat {
	st := Stat{
		State:    StateOK,
		Newest:   j.visible.Load(),
		Bytes:    j.bytes.Load(),
		MaxBytes: j.opt.MaxBytes,
		Shards:   j.opt.Shards,
	}
	if r := j.refuse.Load(); r != nil {
		st.State, st.Reason, st.NoSpace = r.state, r.err.Error(), isFull(r.err)
	}
	st.Oldest = math.MaxUint64
	var all []segmentStat
	newest := uint64(0)
	for _, l := range j.lanes {
		l.mu.Lock()
		st.Queued += len(l.queue.wait)
		st.Segments += len(l.segments)
		if len(l.segments) > 0 && l.segments[0].base < st.Oldest {
			st.Oldest, st.Since = l.segments[0].base, time.Unix(0, l.segments[0].nanos.Load())
		}
		for _, s := range l.segments {
			last := s.last.Load()
			all = append(all, segmentStat{last, s.end.Load()})
			if !s.empty() && last > newest {
				newest, st.Latest = last, time.Unix(0, s.nanos.Load())
			}
		}
		l.mu.Unlock()
	}
	if st.Oldest == math.MaxUint64 {
		st.Oldest = st.Newest + 1
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.cursors {
		p := Position{
			Name: c.name,
			Seq:  c.committed,
			Open: c.open,
		}
		if st.Newest > p.Seq {
			p.Lag = st.Newest - p.Seq
		}
		for _, s := range all {
			if s.last > p.Seq {
				p.Held += s.bytes
			}
		}
		st.Cursors = append(st.Cursors, p)
	}
	sort.Slice(st.Cursors, func(a, b int) bool { return st.Cursors[a].Name < st.Cursors[b].Name })
	st.Problems = append(st.Problems, j.problems...)
	st.Reserve = j.reserved
	if j.syncErr != nil {
		st.SyncErr = j.syncErr.Error()
	}
	return st
}

// AppendWait appends all of data under one key and returns their sequences
// once every one is on disk, or the first error. When ctx ends before that,
// records may still become durable. The wait for room in the queue does not
// end with ctx.
func (j *Journal) AppendWait(ctx context.Context, key string, data [][]byte) ([]uint64, error) {
	if len(data) == 0 {
		return nil, nil
	}
	seqs := make([]uint64, len(data))
	var left atomic.Int64
	var first atomic.Pointer[error]
	left.Store(int64(len(data)))
	done := make(chan struct{})
	settle := func(err error) {
		if err != nil {
			first.CompareAndSwap(nil, &err)
		}
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	for i, d := range data {
		err := j.Append(key, d, func(seq uint64, err error) {
			seqs[i] = seq
			settle(err)
		})
		if err != nil {
			settle(err)
		}
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := first.Load(); err != nil {
		return nil, *err
	}
	return seqs, nil
}
