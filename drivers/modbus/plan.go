package main

// Most that one request may read (Modbus Application Protocol V1.1b3, sections 6.1 and 6.3).
const (
	maxBits      = 2000
	maxRegisters = 125
)

// block is one read request: a range of one table, with the points in it.
type block struct {
	table  string
	addr   int
	count  int
	points []point
}

// plan groups points, sorted by address, into as few requests as possible. At most gap unused
// registers between two points are read along with them; a gap above 0 suits equipment that answers
// for registers it does not use.
func plan(points []point, gap int) []block {
	var out []block
	for _, p := range points {
		end := p.addr + p.size()
		if n := len(out); n > 0 {
			b := &out[n-1]
			limit := maxRegisters
			if p.table == coil || p.table == discrete {
				limit = maxBits
			}
			if b.table == p.table && p.addr <= b.addr+b.count+gap && end-b.addr <= limit {
				b.count = max(b.count, end-b.addr)
				b.points = append(b.points, p)
				continue
			}
		}
		out = append(out, block{
			table:  p.table,
			addr:   p.addr,
			count:  p.size(),
			points: []point{p},
		})
	}
	return out
}

// apart returns one block for each of the block's points.
func (b block) apart() []block {
	out := make([]block, 0, len(b.points))
	for _, p := range b.points {
		out = append(out, block{
			table:  p.table,
			addr:   p.addr,
			count:  p.size(),
			points: []point{p},
		})
	}
	return out
}
