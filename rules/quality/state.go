package quality

import (
	"cmp"
	"encoding/binary"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
)

// Shards is the number of parts that the state is stored in, so that only changed ones are written.
const Shards = 64

const stateVersion = 1

var errState = errors.New("the state of the data-quality report does not parse")

func byKey(a, b g.Quality) int {
	return cmp.Or(cmp.Compare(a.School, b.School), cmp.Compare(a.Day, b.Day),
		cmp.Compare(a.Device, b.Device))
}

func shardOf(id []byte) int { return int(fingerprint(0, id) % Shards) }

// state encodes the changed shards: a version, then the devices.
func (c *Counter) state() map[int][]byte {
	out := map[int][]byte{}
	for i, changed := range c.changed {
		if changed {
			out[i] = []byte{stateVersion}
		}
	}
	for _, d := range c.devices {
		if b, ok := out[d.shard]; ok {
			out[d.shard] = d.append(b)
		}
	}
	return out
}

func (d *device) append(b []byte) []byte {
	for _, s := range [...]string{string(d.id), string(d.school)} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, n := range [...]int64{d.heard, d.silent, d.counted, d.newest} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(d.recent)))
	for i := range d.recent { // oldest first
		b = binary.LittleEndian.AppendUint64(b, d.recent[(d.next+i)%len(d.recent)])
	}
	return b
}

// Restore adds a shard of the state that Take returned. Invalid bytes give an error, and the
// devices before them are kept.
func (c *Counter) Restore(b []byte) error {
	if len(b) == 0 || b[0] != stateVersion {
		return errState
	}
	for b = b[1:]; len(b) > 0; {
		d, rest, ok := readDevice(b)
		if !ok {
			return errState
		}
		c.forget()
		c.devices[d.id] = d
		b = rest
	}
	return nil
}

func readDevice(b []byte) (*device, []byte, bool) {
	ok := true
	take := func(n uint64) []byte {
		if !ok || n > uint64(len(b)) {
			ok = false
			return nil
		}
		p := b[:n]
		b = b[n:]
		return p
	}
	size := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		take(uint64(n))
		return v
	}
	d := &device{
		id:     g.DeviceID(take(size())),
		school: g.SchoolID(take(size())),
	}
	for _, into := range [...]*int64{&d.heard, &d.silent, &d.counted, &d.newest} {
		v, n := binary.Varint(b)
		if n <= 0 {
			return nil, nil, false
		}
		take(uint64(n))
		*into = v
	}
	n := size()
	if n > memory || d.id == "" {
		return nil, nil, false
	}
	d.recent = make([]uint64, 0, memory)
	for range n {
		if p := take(8); p != nil {
			d.recent = append(d.recent, binary.LittleEndian.Uint64(p))
		}
	}
	d.shard = shardOf([]byte(d.id))
	return d, b, ok
}
