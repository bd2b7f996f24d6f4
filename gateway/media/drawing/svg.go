package drawing

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"

	maxDepth  = 64
	maxShapes = 200_000 // elements, each use of one counted
)

// keeps says whether an element is kept (SVG 2). What moves, filters, links or holds other languages
// is not; of an a or switch the children are.
func keeps(name string) bool {
	switch name {
	case "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline",
		"polygon", "text", "tspan", "textPath", "title", "desc", "style", "clipPath", "mask", "pattern",
		"linearGradient", "radialGradient", "stop", "image", "a", "switch":
		return true
	}
	return false
}

// hasText says whether the text in an element is kept.
func hasText(name string) bool {
	switch name {
	case "text", "tspan", "textPath", "title", "desc":
		return true
	}
	return false
}

// reader rewrites an SVG.
type reader struct {
	in  *xml.Decoder
	out bytes.Buffer

	open  []string // names of the elements that are open in out
	style *bytes.Buffer
	left  map[string]bool
	size  size
	count *counter

	pixels int // of the pictures in it
}

type size struct{ x, y, wide, high float64 }

func readSVG(b []byte) (Drawing, error) {
	r := &reader{
		in:    xml.NewDecoder(bytes.NewReader(b)),
		left:  map[string]bool{},
		count: newCounter(),
	}
	if err := r.read(); err != nil {
		return Drawing{}, err
	}
	if r.out.Len() > MaxBytes {
		return Drawing{}, g.Errorf(g.TooLarge, "the drawing has %d bytes; at most %d are taken",
			r.out.Len(), MaxBytes)
	}
	if err := r.count.check(); err != nil {
		return Drawing{}, err
	}
	scale := min(1, maxSide/max(r.size.wide, r.size.high))
	return Drawing{
		Type:   SVG,
		Bytes:  r.out.Bytes(),
		Width:  max(1, int(math.Round(r.size.wide*scale))),
		Height: max(1, int(math.Round(r.size.high*scale))),
		Left:   slices.Sorted(maps.Keys(r.left)),
	}, nil
}

func notSVG() error {
	return g.FieldErrorf("drawing", "this is no SVG, PNG or JPEG: save the plan as one of them")
}

func (r *reader) read() error {
	for {
		t, err := r.in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if len(r.open) == 0 && r.out.Len() == 0 {
				return notSVG()
			}
			line, column := r.in.InputPos()
			return g.FieldErrorf("drawing", "line %d, column %d: the SVG is damaged: save it again", line,
				column)
		}
		if err := r.token(t); err != nil {
			return err
		}
	}
	if r.out.Len() == 0 {
		return notSVG()
	}
	return nil
}

func (r *reader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		r.end()
	case xml.CharData:
		r.text(t)
	case xml.Directive:
		if bytes.ContainsRune(t, '[') {
			return g.FieldErrorf("drawing",
				"the SVG declares entities of its own: save it as plain SVG")
		}
	}
	return nil
}

func (r *reader) start(e xml.StartElement) error {
	name := e.Name.Local
	root := r.out.Len() == 0
	if root && (name != "svg" || e.Name.Space != svgSpace && e.Name.Space != "") {
		return notSVG()
	}
	foreign := e.Name.Space != svgSpace && e.Name.Space != ""
	if foreign || !keeps(name) || !root && len(r.open) == 0 {
		if !foreign && name != "metadata" {
			r.left[name] = true
		}
		return r.skip()
	}
	if len(r.open) >= maxDepth {
		return g.FieldErrorf("drawing", "the SVG is nested more than %d deep: save it as plain SVG",
			maxDepth)
	}
	return r.begin(e, root)
}

// skip passes over an element with all that is in it.
func (r *reader) skip() error {
	if err := r.in.Skip(); err != nil {
		line, column := r.in.InputPos()
		return g.FieldErrorf("drawing", "line %d, column %d: the SVG is damaged: save it again", line,
			column)
	}
	return nil
}

// begin writes the start of an element that is kept. A link becomes a group.
func (r *reader) begin(e xml.StartElement, root bool) error {
	name := e.Name.Local
	if name == "a" || name == "switch" {
		name = "g"
		if len(r.open) > 0 && hasText(r.open[len(r.open)-1]) {
			name = "tspan"
		}
	}
	kept, id, refs, err := r.attributes(e)
	if err != nil {
		return err
	}
	r.out.WriteString("<" + name)
	if root {
		if r.size, err = sizeOf(e.Attr); err != nil {
			return err
		}
		r.out.WriteString(` xmlns="` + svgSpace + `" xmlns:xlink="` + xlinkSpace + `"` + r.size.attributes())
	}
	for _, a := range kept {
		if root && (a.name == "width" || a.name == "height" || a.name == "viewBox" ||
			a.name == "preserveAspectRatio") {
			continue
		}
		r.out.WriteString(" " + a.name + `="`)
		_ = xml.EscapeText(&r.out, []byte(a.value)) // a buffer takes all
		r.out.WriteString(`"`)
	}
	r.out.WriteString(">")
	r.open = append(r.open, name)
	if name == "style" {
		r.style = &bytes.Buffer{}
	}
	return r.count.start(id, refs)
}

func (r *reader) end() {
	if len(r.open) == 0 {
		return
	}
	name := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	if name == "style" && r.style != nil {
		if css := r.style.String(); plainStyle(css) {
			_ = xml.EscapeText(&r.out, []byte(css))
			r.count.refer(references(css))
		} else {
			r.left["style"] = true
		}
		r.style = nil
	}
	r.out.WriteString("</" + name + ">")
	r.count.end()
}

func (r *reader) text(t xml.CharData) {
	if len(r.open) == 0 {
		return
	}
	switch name := r.open[len(r.open)-1]; {
	case r.style != nil:
		r.style.Write(t)
	case hasText(name):
		_ = xml.EscapeText(&r.out, t) // a buffer takes all
	}
}

// sizeOf is the root's view box, or its width and height.
func sizeOf(all []xml.Attr) (s size, err error) {
	for _, a := range all {
		if a.Name.Space != "" {
			continue
		}
		switch a.Name.Local {
		case "viewBox":
			box := strings.Fields(strings.ReplaceAll(a.Value, ",", " "))
			if len(box) == 4 {
				s = size{number(box[0]), number(box[1]), number(box[2]), number(box[3])}
				return s, sized(s.wide, s.high)
			}
		case "width":
			s.wide = length(a.Value)
		case "height":
			s.high = length(a.Value)
		}
	}
	return s, sized(s.wide, s.high)
}

// attributes are the root's, so that the drawing has the size that is told.
func (s size) attributes() string {
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return ` width="` + f(s.wide) + `" height="` + f(s.high) + `" viewBox="` + f(s.x) + " " + f(s.y) +
		" " + f(s.wide) + " " + f(s.high) + `"`
}

// number is 0 for what is none.
func number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

// length is a length in pixels (CSS Values and Units 4, section 6.2); 0 for one that is relative.
func length(s string) float64 {
	s = strings.TrimSpace(s)
	for unit, px := range map[string]float64{
		"px": 1, "pt": 96.0 / 72, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4,
	} {
		if v, ok := strings.CutSuffix(s, unit); ok {
			return number(v) * px
		}
	}
	return number(s)
}
