package drawing

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"image/jpeg"
	"image/png"
	"regexp"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// attribute is one that is kept.
type attribute struct{ name, value string }

var (
	plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	anyURL    = regexp.MustCompile(`(?i)url\s*\(`)
	ownURL    = regexp.MustCompile(`url\(\s*["']?#([^"')\s]{1,256})["']?\s*\)`)
)

// attributes chooses those of an element that are kept, and returns its id and what it refers to.
func (r *reader) attributes(
	e xml.StartElement,
) (kept []attribute, id string, refs []string, err error) {
	for _, a := range e.Attr {
		name, linked := a.Name.Local, false
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && name == "xmlns":
			continue
		case a.Name.Space == xlinkSpace || a.Name.Space == "xlink" || a.Name.Space == "":
			linked = name == "href"
			if a.Name.Space != "" && !linked {
				continue
			}
		case a.Name.Space == "http://www.w3.org/XML/1998/namespace" && name == "space":
			kept = append(kept, attribute{"xml:space", a.Value})
			continue
		default:
			continue // an editor's own
		}
		if linked {
			ref, ok, err := r.link(e.Name.Local, a.Value)
			if err != nil {
				return nil, "", nil, err
			}
			if !ok {
				r.left["href"] = true
				continue
			}
			if ref != "" {
				refs = append(refs, ref)
			}
			kept = append(kept, attribute{"xlink:href", a.Value})
			continue
		}
		if !plainName.MatchString(name) || strings.HasPrefix(strings.ToLower(name), "on") ||
			!plainStyle(a.Value) || e.Name.Local == "a" && name != "transform" && name != "class" {
			r.left[short(name)] = true
			continue
		}
		if name == "id" {
			id = a.Value
		}
		refs = append(refs, references(a.Value)...)
		kept = append(kept, attribute{name, a.Value})
	}
	return kept, id, refs, nil
}

// short keeps a name from outside readable in an answer.
func short(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}

// link is what a reference names within the file; an image may hold its picture. Anything else
// would be loaded from elsewhere.
func (r *reader) link(element, value string) (ref string, ok bool, err error) {
	value = strings.TrimSpace(value)
	if to, ok := strings.CutPrefix(value, "#"); ok && element != "image" {
		return to, true, nil
	}
	if element != "image" {
		return "", false, nil
	}
	ok, err = r.held(value)
	return "", ok, err
}

// held says whether a data URL is a picture, and counts its pixels.
func (r *reader) held(value string) (bool, error) {
	config := png.DecodeConfig
	data, ok := strings.CutPrefix(value, "data:image/png;base64,")
	if !ok {
		config = jpeg.DecodeConfig
		data, ok = strings.CutPrefix(value, "data:image/jpeg;base64,")
	}
	if !ok {
		data, ok = strings.CutPrefix(value, "data:image/jpg;base64,")
	}
	if !ok {
		return false, nil
	}
	data = strings.Join(strings.Fields(data), "")
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return false, nil
	}
	c, err := config(bytes.NewReader(b))
	if err != nil {
		return false, nil
	}
	if c.Width > maxSide || c.Height > maxSide {
		r.pixels = maxPixels + 1
	} else {
		r.pixels += c.Width * c.Height
	}
	if r.pixels > maxPixels {
		return false, g.FieldErrorf("drawing",
			"the pictures in the SVG have more than %d pixels together: make them smaller", maxPixels)
	}
	return true, nil
}

// plainStyle says whether a style or the value of an attribute loads and runs nothing: no import,
// no address but one in the file, no escapes that would hide one.
func plainStyle(s string) bool {
	low := strings.ToLower(s)
	for _, no := range []string{
		"@", "\\", "expression", "javascript:", "vbscript:", "data:", "-moz-binding", "behavior:", "image-set", "src(",
	} {
		if strings.Contains(low, no) {
			return false
		}
	}
	return len(anyURL.FindAllString(s, -1)) == len(ownURL.FindAllString(s, -1))
}

// references are the ids that a style or the value of an attribute names.
func references(s string) (ids []string) {
	for _, m := range ownURL.FindAllStringSubmatch(s, -1) {
		ids = append(ids, m[1])
	}
	return ids
}
