//go:build vision

package main

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// accessUnit is one encoded picture as it arrives, before decoding.
type accessUnit struct {
	codec opencv.Codec
	nals  [][]byte // without start codes
	stamp uint32   // RTP timestamp, in units of 1/90000 s
}

// live passes a camera's encoded pictures on to its viewers, as they are. It uses the one stream
// that the faces are looked for in, and keeps nothing of it but the newest parameter sets.
type live struct {
	mu      sync.Mutex
	viewers map[*drivers.Pictures]chan error // capacity 1: why the viewer cannot go on
	sets    [][]byte                         // newest parameter sets; at most maxSets
	last    uint32                           // RTP timestamp of the newest picture
	stamp   int64                            // the same without wrapping around
}

// Limits of the parameter sets kept for key pictures that come without; those of the decoder.
const (
	maxSets = 16
	maxSet  = 4096 // bytes
)

func newLive() *live { return &live{viewers: map[*drivers.Pictures]chan error{}} }

// serve passes pictures on to one viewer until ctx ends or a picture is refused.
func (l *live) serve(ctx context.Context, out *drivers.Pictures) error {
	failed := make(chan error, 1)
	l.mu.Lock()
	l.viewers[out] = failed
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.viewers, out)
		l.mu.Unlock()
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// feed takes the stream's next access unit, or parameter sets alone. It does not block, and copies
// the unit only if somebody watches.
func (l *live) feed(u accessUnit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learn(u)
	if !slices.ContainsFunc(u.nals, u.codec.Slice) {
		return
	}
	l.stamp += int64(int32(u.stamp - l.last))
	l.last = u.stamp
	if len(l.viewers) == 0 {
		return
	}
	p := l.picture(u)
	for out, failed := range l.viewers {
		if err := out.Put(p); err != nil {
			delete(l.viewers, out)
			failed <- err // never blocks: it was the only one to send
		}
	}
}

// learn keeps the unit's parameter sets in place of older ones of the same types.
func (l *live) learn(u accessUnit) {
	var fresh [][]byte
	var kinds []byte
	for _, n := range u.nals {
		kind, ok := u.codec.ParameterSet(n)
		if !ok || len(n) > maxSet || len(fresh) == maxSets {
			continue
		}
		kinds = append(kinds, kind)
		fresh = append(fresh, n)
	}
	if len(fresh) == 0 || slices.EqualFunc(l.sets, fresh, bytes.Equal) {
		return
	}
	kept := slices.DeleteFunc(l.sets, func(n []byte) bool {
		kind, _ := u.codec.ParameterSet(n)
		return slices.Contains(kinds, kind)
	})
	for _, n := range fresh {
		kept = append(kept, bytes.Clone(n))
	}
	l.sets = kept[max(0, len(kept)-maxSets):]
}

// picture makes a byte stream of the unit. A key picture gets the parameter sets that it lacks; if
// they are unknown, it is no key picture, since nobody could decode it.
func (l *live) picture(u accessUnit) drivers.Picture {
	p := drivers.Picture{
		Codec: drivers.CodecH264,
		Key:   u.codec.StartsPicture(u.nals),
		Stamp: l.stamp,
	}
	if u.codec == opencv.H265 {
		p.Codec = drivers.CodecH265
	}
	nals := u.nals
	if p.Key {
		nals, p.Key = l.complete(u)
	}
	size := 0
	for _, n := range nals {
		size += len(startCode) + len(n)
	}
	p.Data = make([]byte, 0, size)
	for _, n := range nals {
		p.Data = append(append(p.Data, startCode...), n...)
	}
	return p
}

// startCode separates the NAL units of a byte stream (H.264 and H.265, annex B).
var startCode = []byte{0, 0, 0, 1}

// complete returns the NAL units of a key picture with the parameter sets that it lacks; false if
// one of them has never been sent.
func (l *live) complete(u accessUnit) (nals [][]byte, ok bool) {
	of := func(kind byte) func([]byte) bool {
		return func(n []byte) bool {
			k, ok := u.codec.ParameterSet(n)
			return ok && k == kind
		}
	}
	var add [][]byte
	for _, kind := range u.codec.ParameterSets() {
		if slices.ContainsFunc(u.nals, of(kind)) {
			continue
		}
		found := false
		for _, n := range l.sets {
			if of(kind)(n) {
				add, found = append(add, n), true
			}
		}
		if !found {
			return u.nals, false
		}
	}
	at := 0
	if len(u.nals) > 0 && u.codec.Delimiter(u.nals[0]) {
		at = 1
	}
	return slices.Insert(slices.Clone(u.nals), at, add...), true
}

// Watch implements drivers.Watcher.
func (d *driver) Watch(ctx context.Context, dev drivers.Device, out *drivers.Pictures) error {
	d.mu.Lock()
	c := d.cameras[dev.ID]
	d.mu.Unlock()
	if c == nil {
		return gatehouse.Because(gatehouse.ReasonNotConnected).Err(gatehouse.Unavailable)
	}
	return c.live.serve(ctx, out)
}
