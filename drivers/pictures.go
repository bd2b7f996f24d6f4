package drivers

import (
	"context"
	"io"
	"sync"
)

// Limits of a viewer's queue.
const (
	queuedBytes    = MaxPicture
	queuedPictures = 128
	queuedStamps   = 2 * PictureClock // from the oldest to the newest picture
)

// Pictures is the queue of live pictures from one camera to one viewer. It never makes the camera
// wait, and the viewer gets only what it can decode: the first picture is a key picture, and if the
// viewer is slow, whole groups of pictures are left out.
//
// It holds at most 4 MiB, 128 pictures and 2 s. When it is full, it drops all pictures before the
// newest key picture; if that is not enough, it drops everything up to the next key picture.
//
// Put and End may be called from any goroutine, Next from one at a time.
type Pictures struct {
	ready chan struct{} // capacity 1: Next has something to return

	mu      sync.Mutex
	queue   []Picture
	bytes   int
	begun   bool   // a key picture has been queued
	waiting bool   // the next picture must be a key picture, unless begun is false
	dropped uint32 // pictures left out since the newest one in the queue
	ended   bool
	err     error // why, after ended
}

// NewPictures returns an empty queue.
func NewPictures() *Pictures { return &Pictures{ready: make(chan struct{}, 1)} }

// Put queues a picture. It does not block. Pictures that come before the first key picture, or
// after End, are passed over. An error means that the picture is invalid and was not queued.
func (q *Pictures) Put(p Picture) error {
	if err := p.check(); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.ended, !q.begun && !p.Key:
		return nil
	case q.begun && q.full(p):
		q.shorten(p)
	}
	if q.waiting && !p.Key {
		q.dropped += 1 + p.Dropped
		return nil
	}
	p.Dropped += q.dropped
	q.dropped, q.begun, q.waiting = 0, true, false
	q.queue = append(q.queue, p)
	q.bytes += len(p.Data)
	q.signal()
	return nil
}

// full reports whether the queue has no room for p.
func (q *Pictures) full(p Picture) bool {
	if len(q.queue) == 0 {
		return false
	}
	return len(q.queue) >= queuedPictures || q.bytes+len(p.Data) > queuedBytes ||
		p.Stamp-q.queue[0].Stamp > queuedStamps
}

// shorten makes room for p. The pictures that stay can be decoded.
func (q *Pictures) shorten(p Picture) {
	newest := 0
	for i, x := range q.queue {
		if x.Key {
			newest = i
		}
	}
	if !p.Key && newest > 0 {
		gone := q.drop(newest)
		q.queue[0].Dropped += gone
		if !q.full(p) {
			return
		}
	}
	q.dropped += q.drop(len(q.queue))
	q.waiting = true
}

// drop removes the oldest n pictures and returns how many pictures the viewer misses with them.
func (q *Pictures) drop(n int) (missed uint32) {
	for range n {
		missed += 1 + q.take().Dropped
	}
	return missed
}

// take removes the oldest picture.
func (q *Pictures) take() Picture {
	p := q.queue[0]
	q.queue[0] = Picture{} // releases its data
	q.queue = q.queue[1:]
	q.bytes -= len(p.Data)
	return p
}

// Next removes and returns the oldest picture. It blocks until there is one, the queue has ended
// (then it returns the error of End), or ctx ends.
func (q *Pictures) Next(ctx context.Context) (Picture, error) {
	for {
		q.mu.Lock()
		if len(q.queue) > 0 {
			p := q.take()
			q.mu.Unlock()
			return p, nil
		}
		ended, err := q.ended, q.err
		q.mu.Unlock()
		if ended {
			return Picture{}, err
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return Picture{}, ctx.Err()
		}
	}
}

// End ends the queue at once: what is in it is discarded, and Next returns err, or io.EOF if err is
// nil. Only the first call counts.
func (q *Pictures) End(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	if err == nil {
		err = io.EOF
	}
	q.ended, q.err = true, err
	q.queue, q.bytes = nil, 0
	q.signal()
}

func (q *Pictures) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}
