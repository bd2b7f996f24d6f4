package drawing

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// counter counts what a browser draws: an element that is used a thousand times, and holds uses of
// others, is drawn as often.
type counter struct {
	open  []string // ids of the open elements, "" for those without
	parts map[string]*part
	whole part // the drawing
}

// part is an element with what is in it.
type part struct {
	shapes int
	refs   []string
	state  int // of adding up
	total  int
}

// The states of adding up.
const (
	fresh = iota
	underWay
	added
)

func newCounter() *counter { return &counter{parts: map[string]*part{}} }

// start counts an element for itself and for all around it that have an id.
func (c *counter) start(id string, refs []string) error {
	c.open = append(c.open, id)
	if id != "" && c.parts[id] == nil {
		c.parts[id] = &part{}
	}
	c.whole.shapes++
	if c.whole.shapes > maxShapes {
		return tooMany()
	}
	for _, id := range c.open {
		if id != "" {
			c.parts[id].shapes++
		}
	}
	c.refer(refs)
	return nil
}

func (c *counter) refer(refs []string) {
	if len(refs) == 0 {
		return
	}
	c.whole.refs = append(c.whole.refs, refs...)
	for _, id := range c.open {
		if id != "" {
			c.parts[id].refs = append(c.parts[id].refs, refs...)
		}
	}
}

func (c *counter) end() {
	if len(c.open) > 0 {
		c.open = c.open[:len(c.open)-1]
	}
}

// check refuses a drawing that uses itself, and one that would be drawn of too many shapes.
func (c *counter) check() error {
	return c.add(&c.whole, 0)
}

func (c *counter) add(p *part, depth int) error {
	if p.state == added {
		return nil
	}
	if p.state == underWay || depth > maxDepth {
		return g.FieldErrorf("drawing", "a part of the SVG uses itself: save it as plain SVG")
	}
	p.state, p.total = underWay, p.shapes
	for _, id := range p.refs {
		of := c.parts[id]
		if of == nil {
			continue
		}
		if err := c.add(of, depth+1); err != nil {
			return err
		}
		if p.total += of.total; p.total > maxShapes {
			return tooMany()
		}
	}
	p.state = added
	return nil
}

func tooMany() error {
	return g.FieldErrorf("drawing", "the SVG has more than %d shapes: leave furniture and hatching out",
		maxShapes)
}
