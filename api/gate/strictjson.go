package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// unmarshal is json.Unmarshal for what comes from outside. It takes what RFC 8259 calls
// interoperable and nothing else: UTF-8, each key of an object once, whole surrogate pairs,
// and nothing after the value. encoding/json would put U+FFFD where a name was in another
// encoding, and take the last of two keys.
func unmarshal(b []byte, v any) error {
	if err := g.BoundJSON(b, g.JSONDepth, g.JSONValues); err != nil {
		return inWords(err)
	}
	if err := CheckJSON(b); err != nil {
		return err
	}
	return inWords(json.Unmarshal(b, v))
}

// CheckJSON says what is wrong with b, and where; nil for what json.Unmarshal will take or
// refuse with a message of its own.
func CheckJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		return faulty("the body begins with a byte order mark: send JSON in UTF-8 without one")
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return faulty("byte %d is not UTF-8: send JSON in UTF-8 (text from a GBK file must "+
				"be converted first)",
				i)
		}
		i += n
	}
	if err := checkEscapes(b); err != nil {
		return err
	}
	return checkKeys(b)
}

// checkEscapes finds half of a surrogate pair. In JSON a backslash occurs only in strings.
func checkEscapes(b []byte) error {
	unit := func(i int) (uint64, bool) {
		if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(b[i+2:i+6]), 16, 16)
		return n, err == nil
	}
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		n, ok := unit(i)
		if !ok {
			i++ // another escape, or one that the decoder refuses
			continue
		}
		if n >= 0xd800 && n < 0xdc00 {
			if low, ok := unit(i + 6); !ok || low < 0xdc00 || low > 0xdfff {
				return half(i, n)
			}
			i += 6
		} else if n >= 0xdc00 && n <= 0xdfff {
			return half(i, n)
		}
		i += 5
	}
	return nil
}

func half(at int, unit uint64) error {
	return faulty("byte %d: \\u%s is half of a character; send both halves or the character itself",
		at, fmt.Sprintf("%04x", unit))
}

// level is an object or array that is being read.
type level struct {
	keys map[string]bool // nil: an array
	key  string          // the last key that was read
	want bool            // the next string is a key
	n    int             // elements of the array so far
}

func (l *level) name() string {
	if l.keys == nil {
		return strconv.Itoa(l.n)
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(l.key)
}

// checkKeys finds a key that an object has twice, and what follows the value.
func checkKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var open []*level
	for {
		t, err := d.Token()
		if err != nil {
			return nil // the end, or what json.Unmarshal says better
		}
		var in *level
		if len(open) > 0 {
			in = open[len(open)-1]
		}
		switch t := t.(type) {
		case json.Delim:
			if t == '}' || t == ']' {
				open = open[:len(open)-1]
				if len(open) > 0 {
					open[len(open)-1].next()
				}
				break
			}
			l := &level{want: t == '{'}
			if t == '{' {
				l.keys = map[string]bool{}
			}
			open = append(open, l)
		case string:
			if in == nil || !in.want {
				in.next()
				break
			}
			in.key, in.want = t, false
			if in.keys[t] {
				return faulty("%s is there twice: each key once", pointer(open))
			}
			in.keys[t] = true
		case json.Number:
			if _, err := t.Float64(); err != nil {
				return &JSONFault{fieldOf(open), g.Word(tooGreat)}
			}
			in.next()
		default:
			in.next()
		}
		if len(open) == 0 {
			return trailing(b[d.InputOffset():])
		}
	}
}

// next notes that a value ended.
func (l *level) next() {
	if l == nil {
		return
	}
	l.n++
	l.want = l.keys != nil
}

// pointer is the JSON pointer (RFC 6901) of what is being read.
func pointer(open []*level) string {
	var b strings.Builder
	for _, l := range open {
		b.WriteString("/" + l.name())
	}
	return b.String()
}

// fieldOf is the place of what is being read, as errors name it: steps[2].text.
func fieldOf(open []*level) string {
	var b strings.Builder
	for _, l := range open {
		if l.keys == nil {
			fmt.Fprintf(&b, "[%d]", l.n)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(clip(l.key))
	}
	return strings.ReplaceAll(b.String(), faultMark, "")
}

func trailing(rest []byte) error {
	if len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return faulty("there is more after the end of the JSON value: send one value")
	}
	return nil
}

// marshal writes v as one line of JSON. A time that was never set leaves no trace: an
// integrator would read 0001-01-01 as a day.
func marshal(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(g.OmitUnsetTimes(b.Bytes()))
	return err
}
