package drawing_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/media/drawing"
)

const open = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 400 300">`

// hostile are parts of an SVG from outside, with a word that must not come through.
var hostile = []struct{ name, part, not string }{
	{"script", `<script>alert(1)</script>`, "alert"},
	{"script by namespace", `<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>`, "alert"},
	{"handler", `<rect onload="alert(1)" width="3"/>`, "alert"},
	{"handler in capitals", `<rect ONLOAD="alert(1)"/>`, "alert"},
	{"handler on the image", `<image onerror="alert(1)" xlink:href="data:image/png;base64,AAAA"/>`, "alert"},
	{"foreignObject", `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml">evil</body></foreignObject>`, "evil"},
	{"html", `<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>`, "evil"},
	{"use of another file", `<use xlink:href="https://evil.example/a.svg#b"/>`, "evil"},
	{"use by href", `<use href="//evil.example/a.svg#b"/>`, "evil"},
	{"image from elsewhere", `<image href="https://evil.example/a.png"/>`, "evil"},
	{"svg in an image", `<image href="data:image/svg+xml;base64,PHN2Zy8+"/>`, "svg+xml"},
	{"link", `<a xlink:href="javascript:alert(1)"><rect width="1"/></a>`, "alert"},
	{"animation to a handler", `<rect><set attributeName="onload" to="alert(1)"/></rect>`, "alert"},
	{"style that imports", `<style>@import url(https://evil.example/a.css);</style>`, "evil"},
	{"style that loads", `<style>rect{fill:url(https://evil.example/a)}</style>`, "evil"},
	{"style that hides it", `<style>rect{fill:u\72l(https://evil.example/a)}</style>`, "evil"},
	{"attribute that loads", `<rect fill="url(https://evil.example/a#b)"/>`, "evil"},
	{"style attribute", `<rect style="background:url('//evil.example')"/>`, "evil"},
	{"instruction", `<?xml-stylesheet href="https://evil.example/a.css"?>`, "evil"},
	{"comment", `<!-- evil --><rect/>`, "evil"},
	{"filter", `<filter id="f"><feImage href="https://evil.example/a"/></filter>`, "evil"},
}

func TestWhatIsHostileIsLeftOut(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			d, err := drawing.Read([]byte(open + c.part + `<path d="M0 0h9" stroke="#000"/></svg>`))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(d.Bytes), c.not) {
				t.Errorf("got %s, want no %q in it", d.Bytes, c.not)
			}
			if !strings.Contains(string(d.Bytes), `d="M0 0h9"`) {
				t.Errorf("got %s, want the path kept", d.Bytes)
			}
			wellFormed(t, d.Bytes)
		})
	}
}

func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	in := xml.NewDecoder(bytes.NewReader(b))
	for {
		_, err := in.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("got %v in %s, want well-formed XML", err, b)
		}
	}
}

func TestWhatAPlanNeedsIsKept(t *testing.T) {
	var pixel bytes.Buffer
	if err := png.Encode(&pixel, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	held := base64.StdEncoding.EncodeToString(pixel.Bytes())
	d, err := drawing.Read([]byte("\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
		`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` +
		`<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.inkscape.org/namespaces/inkscape" width="210mm" height="105mm">` +
		`<style>.wall{stroke:#333;fill:url(#h)}</style><defs><pattern id="h"><path d="M0 0"/></pattern></defs>` +
		`<g i:label="Walls" class="wall"><rect id="r" x="1" width="30"/><use href="#r" x="5"/></g>` +
		`<text x="3">Lab &amp; store <tspan>二楼</tspan></text><image width="9" href="data:image/png;base64,` + held + `"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	if d.Type != drawing.SVG || d.Width != 794 || d.Height != 397 {
		t.Errorf("got %s of %d x %d, want an SVG of 794 x 397", d.Type, d.Width, d.Height)
	}
	if len(d.Left) != 0 {
		t.Errorf("got %v left out, want nothing", d.Left)
	}
	for _, want := range []string{
		".wall{stroke:#333;fill:url(#h)}", `xlink:href="#r"`, "Lab &amp; store ", "二楼", held, `class="wall"`,
	} {
		if !strings.Contains(string(d.Bytes), want) {
			t.Errorf("got %s, want %q in it", d.Bytes, want)
		}
	}
	if strings.Contains(string(d.Bytes), "label") {
		t.Error("an editor's own attribute is kept, want it left out")
	}
	again, err := drawing.Read(d.Bytes)
	if err != nil || !bytes.Equal(again.Bytes, d.Bytes) {
		t.Errorf("got %s, %v; want the same when it is read again", again.Bytes, err)
	}
}

// bomb is an SVG of n levels, each of which uses the one below ten times.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString(open + `<g id="l0"><rect/></g>`)
	for i := 1; i <= n; i++ {
		b.WriteString(`<g id="l` + string(rune('0'+i)) + `">`)
		b.WriteString(strings.Repeat(`<use href="#l`+string(rune('0'+i-1))+`"/>`, 10))
		b.WriteString(`</g>`)
	}
	return b.String() + "</svg>"
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, svg string
		want      string // words of the error
	}{
		{"no drawing", "hello", "save the plan as one of them"},
		{"html", "<html><body/></html>", "save the plan as one of them"},
		{"another svg", `<svg xmlns="http://example.org"/>`, "save the plan as one of them"},
		{"pdf", "%PDF-1.7", "save the page as SVG or PNG"},
		{"no size", `<svg xmlns="http://www.w3.org/2000/svg"/>`, "no size"},
		{"part of the page", `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"/>`, "no size"},
		{"negative", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 -5 5"/>`, "no size"},
		{"not a number", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 NaN 5"/>`, "no size"},
		{"a strip", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 5000 5"/>`, "more than 20 times"},
		{"entities", `<!DOCTYPE svg [<!ENTITY a "b">]>` + open + `</svg>`, "entities of its own"},
		{"cut short", open + "<g>", "is damaged"},
		{"bomb of uses", bomb(8), "more than 200000 shapes"},
		{"uses itself", open + `<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>`, "uses itself"},
		{
			"pattern of patterns",
			open + `<pattern id="a"><rect fill="url(#b)"/></pattern><pattern id="b"><rect fill="url(#a)"/></pattern></svg>`,
			"uses itself",
		},
		{"deep", open + strings.Repeat("<g>", 70) + strings.Repeat("</g>", 70) + "</svg>", "nested more than"},
	} {
		_, err := drawing.Read([]byte(c.svg))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := drawing.Read(make([]byte, drawing.MaxBytes+1)); g.ErrorCode(err) != g.TooLarge {
		t.Errorf("got %v, want too large", err)
	}
}

func TestPicturesAreBounded(t *testing.T) {
	var small, bytesOfJPEG bytes.Buffer
	plan := image.NewGray(image.Rect(0, 0, 300, 200))
	if err := png.Encode(&small, plan); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&bytesOfJPEG, plan, nil); err != nil {
		t.Fatal(err)
	}
	for kind, b := range map[string][]byte{drawing.PNG: small.Bytes(), drawing.JPEG: bytesOfJPEG.Bytes()} {
		d, err := drawing.Read(b)
		if err != nil || d.Type != kind || d.Width != 300 || d.Height != 200 {
			t.Errorf("got %s of %d x %d, %v; want %s of 300 x 200", d.Type, d.Width, d.Height, err, kind)
		}
		if _, err := drawing.Read(b[:len(b)/2]); err == nil {
			t.Errorf("half of a %s: got no error, want one", kind)
		}
	}
	huge := slices.Clone(small.Bytes())
	copy(huge[16:24], []byte{0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20}) // 20,000 x 20,000 in the head
	huge = fixHead(huge)
	if _, err := drawing.Read(huge); err == nil || !strings.Contains(err.Error(), "make it smaller") {
		t.Errorf("got %v, want a picture of 20,000 x 20,000 refused", err)
	}
}

// FuzzRead: whatever comes in, what is kept is a well-formed SVG without what is hostile, and
// reading it again changes nothing.
func FuzzRead(f *testing.F) {
	for _, c := range hostile {
		f.Add([]byte(open + c.part + "</svg>"))
	}
	f.Add([]byte(bomb(3)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := drawing.Read(b)
		if err != nil {
			if g.ErrorCode(err) == "" {
				t.Fatalf("got %v, want an error for people", err)
			}
			return
		}
		if d.Width < 1 || d.Height < 1 {
			t.Fatalf("got %d x %d, want a size", d.Width, d.Height)
		}
		if d.Type != drawing.SVG {
			return
		}
		in := xml.NewDecoder(bytes.NewReader(d.Bytes))
		for {
			token, err := in.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("got %v in %q, want well-formed XML", err, d.Bytes)
			}
			harmless(t, token)
		}
		again, err := drawing.Read(d.Bytes)
		if err != nil || !bytes.Equal(again.Bytes, d.Bytes) {
			t.Fatalf("got %q, %v; want %q again", again.Bytes, err, d.Bytes)
		}
	})
}

func harmless(t *testing.T, token xml.Token) {
	e, ok := token.(xml.StartElement)
	if !ok {
		return
	}
	if slices.Contains([]string{"script", "foreignObject", "iframe", "set", "animate"}, e.Name.Local) {
		t.Fatalf("got %s, want it left out", e.Name.Local)
	}
	for _, a := range e.Attr {
		if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
			t.Fatalf("got %s, want no handler", a.Name.Local)
		}
		if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") &&
			!strings.HasPrefix(a.Value, "data:image/png") && !strings.HasPrefix(a.Value, "data:image/jp") {
			t.Fatalf("got href %q, want one within the file", a.Value)
		}
	}
}

// fixHead makes the checksum of a PNG's head right again (PNG, section 5.3).
func fixHead(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:33], crc32.ChecksumIEEE(b[12:29]))
	return b
}
