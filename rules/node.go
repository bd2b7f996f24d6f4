package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"go.yaml.in/yaml/v3"
)

// maxProblems is the most errors reported for one file.
const maxProblems = 20

// document is a YAML file and the errors found in it.
type document struct {
	file string
	errs []error
}

// node is a place in the document: errors name its line and path.
type node struct {
	doc  *document
	n    *yaml.Node
	path string
}

func openDocument(file string, b []byte) (*document, node, error) {
	d := &document{file: file}
	if len(b) > MaxFileBytes {
		return nil, node{}, g.Errorf(g.TooLarge, "the file has %d bytes; at most %d are read",
			len(b), MaxFileBytes).At(file)
	}
	var root, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, node{}, g.FieldErrorf(file, "the file is empty")
		}
		return nil, node{}, g.NotYAML(file, b, err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, node{}, g.FieldErrorf(file,
			"the file holds more than one YAML document; remove the line ---")
	}
	if len(root.Content) != 1 {
		return nil, node{}, g.FieldErrorf(file, "the file is empty")
	}
	return d, node{
		doc: d,
		n:   root.Content[0],
	}, nil
}

// narrow converts full-width characters in the text; false if there are none.
func narrow(s string) (string, bool) {
	out := strings.Map(func(r rune) rune {
		if a := g.NarrowRune(r); a != 0 {
			return a
		}
		return r
	}, s)
	return out, out != s
}

// err joins all errors; nil if there are none.
func (d *document) err() error { return errors.Join(d.errs...) }

func (n node) fail(format string, args ...any) {
	if len(n.doc.errs) < maxProblems {
		field := fmt.Sprintf("%s:%d:%d", n.doc.file, n.n.Line, n.n.Column)
		if n.path != "" {
			field += ": " + n.path
		}
		n.doc.errs = append(n.doc.errs, g.FieldErrorf(field, format, args...))
	}
}

func (n node) child(c *yaml.Node, name string) node {
	path := name
	if n.path != "" && !strings.HasPrefix(name, "[") {
		path = n.path + "." + name
	} else if n.path != "" {
		path = n.path + name
	}
	return node{
		doc:  n.doc,
		n:    c,
		path: path,
	}
}

// object is a mapping with validated keys.
type object struct {
	node
	keys map[string]node
}

// object parses a mapping that may have only the allowed keys.
func (n node) object(allowed ...string) object {
	o := object{
		node: n,
		keys: map[string]node{},
	}
	if n.n.Kind != yaml.MappingNode {
		n.fail("should hold keys and values; it may have %s", strings.Join(allowed, ", "))
		return o
	}
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		k, v := n.n.Content[i], n.n.Content[i+1]
		c := n.child(v, k.Value)
		switch _, twice := o.keys[k.Value]; {
		case twice:
			node{
				doc:  n.doc,
				n:    k,
				path: c.path,
			}.fail("is given twice; remove one")
		case !slices.Contains(allowed, k.Value) && isWide(k.Value):
			meant, _ := narrow(k.Value)
			node{
				doc:  n.doc,
				n:    k,
				path: c.path,
			}.fail("%q has full-width punctuation or "+
				"letters; type %s, with a space after the colon and the comma",
				k.Value, strings.TrimSpace(meant))
		case !slices.Contains(allowed, k.Value):
			node{
				doc:  n.doc,
				n:    k,
				path: c.path,
			}.fail("there is no such key here; use %s",
				suggest(k.Value, allowed))
		default:
			o.keys[k.Value] = c
		}
	}
	return o
}

func isWide(s string) bool {
	_, wide := narrow(s)
	return wide
}

// get returns the node of a key; ok is false if it is missing.
func (o object) get(key string) (node, bool) {
	n, ok := o.keys[key]
	return n, ok
}

// need is get with an error if the key is missing.
func (o object) need(key string, mend g.Text) (node, bool) {
	n, ok := o.keys[key]
	if !ok {
		o.fail("%s is missing; %s", key, mend)
	}
	return n, ok
}

// list parses a sequence; a single scalar or mapping counts as a list of one.
func (n node) list() []node {
	if n.n.Kind != yaml.SequenceNode {
		return []node{n}
	}
	out := make([]node, len(n.n.Content))
	for i, c := range n.n.Content {
		out[i] = n.child(c, "["+strconv.Itoa(i)+"]")
	}
	if len(out) == 0 {
		n.fail("the list is empty; name at least one")
	}
	return out
}

func (n node) text() string {
	if n.n.Kind == yaml.AliasNode || n.n.Anchor != "" {
		n.fail("anchors and aliases are not read; write the value out")
		return ""
	}
	switch {
	case n.n.Kind == yaml.ScalarNode && strings.TrimSpace(n.n.Value) == "":
		n.fail("is empty: write it, or remove the key")
		return ""
	case n.n.Kind != yaml.ScalarNode || n.n.Tag == "!!null":
		n.fail("should be a text")
		return ""
	}
	if !g.FitsValue(n.n.Value) {
		n.fail("the text has %d characters; at most %d are read",
			utf8.RuneCountInString(n.n.Value), g.MaxStringValue)
		return ""
	}
	if strings.ContainsFunc(n.n.Value, hidden) {
		n.fail("the text holds a character that nobody sees, such as one that turns the direction of " +
			"reading: write it again")
		return ""
	}
	return n.n.Value
}

// hidden reports characters that have no place in a text: controls but line breaks and tabs, and
// marks that turn the direction of reading.
func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || g.TurnsReading(r)
}

func (n node) number() float64 {
	v := n.value()
	f, _ := v.Float()
	if v.Kind() == g.Number {
		return f
	}
	text, wide := narrow(n.n.Value)
	bare := strings.ReplaceAll(text, ",", "")
	unit := strings.TrimLeft(bare, "0123456789.+-")
	number := strings.TrimSpace(bare[:len(bare)-len(unit)])
	_, err := strconv.ParseFloat(number, 64)
	_, all := strconv.ParseFloat(bare, 64)
	switch {
	case errors.Is(all, strconv.ErrRange):
		n.fail("%q is too large a number", n.n.Value)
	case err == nil && strings.TrimSpace(unit) != "":
		n.fail("%q has a unit; write %s alone, in the unit of the device's profile", n.n.Value,
			number)
	case err == nil && (wide || bare != text):
		n.fail("%q is no number; write %s", n.n.Value, number)
	default:
		n.fail("%q is no number; write one such as 57", n.n.Value)
	}
	return 0
}

func (n node) whole(low, high int) int {
	f := n.number()
	if f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		n.fail("should be a whole number from %d to %d", low, high)
		return low
	}
	return int(f)
}

func (n node) boolean() bool {
	b, ok := n.value().Bool()
	if !ok {
		n.fail("%q is neither true nor false", n.n.Value)
	}
	return b
}

func (n node) duration() time.Duration {
	d, err := time.ParseDuration(n.n.Value)
	if err != nil && n.n.Kind == yaml.ScalarNode {
		if meant := durationMeant(n.n.Value); meant != "" {
			n.fail("%q is no duration; write %s", n.n.Value, meant)
			return 0
		}
	}
	switch {
	case n.n.Kind != yaml.ScalarNode || err != nil:
		n.fail("%q is no duration; write one such as 30s, 5m or 1h30m", n.n.Value)
		return 0
	case d < 0 || d > MaxDuration:
		n.fail("%s is out of range; use 0s to %s", d, MaxDuration)
		return 0
	}
	return d
}

// durationMeant suggests the notation for a duration written in words, with days or without a unit;
// "" if it is not recognised.
func durationMeant(s string) string {
	text, _ := narrow(strings.TrimSpace(s))
	word := strings.TrimLeft(text, "0123456789.")
	number := text[:len(text)-len(word)]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return ""
	}
	switch strings.TrimSpace(word) {
	case "s", "sec", "secs", "second", "seconds", "秒", "秒钟":
		return number + "s"
	case "m", "min", "mins", "minute", "minutes", "分", "分钟":
		return number + "m"
	case "h", "hour", "hours", "小时", "钟头":
		return number + "h"
	case "d", "day", "days", "天", "日":
		return strconv.FormatFloat(24*n, 'g', -1, 64) + "h"
	case "":
		return number + "s or " + number + "m"
	}
	return ""
}

// value parses a number, true, false or a text.
func (n node) value() g.Value {
	if n.n.Kind != yaml.ScalarNode || n.n.Anchor != "" {
		n.fail("should be a number, true, false or a text")
		return g.Value{}
	}
	var x any
	if n.n.Tag == "!!timestamp" {
		x = n.n.Value
	} else if err := n.n.Decode(&x); err != nil {
		n.fail("%q cannot be read", n.n.Value)
		return g.Value{}
	}
	v, err := g.ValueOf(x)
	if err != nil || v.Kind() == g.None {
		n.fail("should be a number, true, false or a text")
		return g.Value{}
	}
	return v
}

// oneOf parses a text that must be one of the allowed words.
func oneOf[T ~string](n node, allowed []T) T {
	t := T(n.text())
	if t != "" && !slices.Contains(allowed, t) {
		if meant := translated(string(t)); slices.Contains(words(allowed), meant) {
			n.fail("%q is not known here; write %s", string(t), meant)
			return t
		}
		n.fail("%q is not known here; use %s", string(t), suggest(string(t), words(allowed)))
	}
	return t
}

// translated returns the word of the language for a Chinese word or one with spaces; "" if there is
// none.
func translated(s string) string {
	switch s {
	case "提示", "信息":
		return string(g.Info)
	case "警告", "一般":
		return string(g.Warning)
	case "重要", "重大":
		return string(g.Major)
	case "严重", "紧急":
		return string(g.Critical)
	case "教室", "class room":
		return string(g.ZoneClassroom)
	case "实验室":
		return string(g.ZoneLaboratory)
	case "食堂":
		return string(g.ZoneCanteen)
	case "宿舍", "dormitory":
		return string(g.ZoneDorm)
	case "校门", "大门":
		return string(g.ZoneGate)
	case "办公室":
		return string(g.ZoneOffice)
	case "走廊":
		return string(g.ZoneCorridor)
	case "室外":
		return string(g.ZoneOutdoor)
	}
	return ""
}

func listOf[T ~string](n node, allowed []T) []T {
	var out []T
	for _, c := range n.list() {
		if allowed == nil {
			out = append(out, T(c.text()))
		} else {
			out = append(out, oneOf(c, allowed))
		}
	}
	return out
}

func words[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, w := range in {
		out[i] = string(w)
	}
	return out
}

// title parses a text, or one text per language.
func (n node) title() (en, zh string) {
	if n.n.Kind == yaml.ScalarNode {
		return n.text(), ""
	}
	o := n.object("en", "zh-CN")
	if c, ok := o.need("en", g.Word("give the English text")); ok {
		en = c.text()
	}
	if c, ok := o.get("zh-CN"); ok {
		zh = c.text()
	}
	return en, zh
}

// suggest moves the most similar allowed word to the front if the word looks like a typo of it.
func suggest(word string, allowed []string) string {
	list := slices.Clone(allowed)
	sort.SliceStable(list, func(i, j int) bool {
		return distance(word, list[i]) < distance(word, list[j])
	})
	if len(list) > 0 && distance(word, list[0]) <= 2 {
		return list[0]
	}
	return strings.Join(allowed, ", ")
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
