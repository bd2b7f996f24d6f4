package gatehouse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Limits on an encoded text.
const (
	MaxKeptText   = 4096 // bytes
	keptTextDepth = 12
	keptTextParts = 512
)

// Keep encodes the text as JSON, so that it can be translated later or by another program. It
// returns nil if the encoding is longer than MaxKeptText or would not decode to the same sentence.
// Store the English sentence beside it: [ReadText] compares the two.
func (t Text) Keep() []byte {
	b, err := json.Marshal(keptText(t))
	if err != nil || len(b) > MaxKeptText {
		return nil
	}
	if _, ok := ReadText(b, t.String()); !ok {
		return nil
	}
	return b
}

// ReadText decodes what Keep encoded. It returns false if b is no text or does not produce the
// sentence english.
func ReadText(b []byte, english string) (Text, bool) {
	if len(b) == 0 || len(b) > MaxKeptText || BoundJSON(b, keptTextDepth, keptTextParts) != nil {
		return Text{}, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var k kept
	if d.Decode(&k) != nil {
		return Text{}, false
	}
	t, ok := k.text()
	return t, ok && t.String() == english
}

// kept is the JSON form of a text or of one of its arguments; the member that is set tells which.
type kept struct {
	Format string `json:"f,omitempty"`
	Args   []any  `json:"a,omitempty"`

	Texts   []kept `json:"all,omitempty"` // several texts and their separator
	Between *kept  `json:"between,omitempty"`

	Number *float64 `json:"n,omitempty"`     // a float64, for verbs that need one
	Words  []string `json:"words,omitempty"` // a list
}

func keptText(t Text) kept {
	k := kept{Format: t.Format}
	for _, a := range t.Args {
		k.Args = append(k.Args, keptArgument(a))
	}
	return k
}

// keptArgument returns the JSON form of an argument of a text.
func keptArgument(a any) any {
	switch a := a.(type) {
	case nil, bool, string:
		return a
	case Text:
		if a.Format == "" {
			return a.String()
		}
		return keptText(a)
	case *Text:
		return keptArgument(*a)
	case Texts:
		between := keptText(a.Between)
		k := kept{Between: &between}
		for _, t := range a.Items {
			k.Texts = append(k.Texts, keptText(t))
		}
		return k
	case *Error:
		return keptArgument(a.Whole())
	case error:
		return a.Error()
	case fmt.Stringer:
		return a.String()
	}
	v := reflect.ValueOf(a)
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		n := v.Float()
		return kept{Number: &n}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return kept{Words: words}
	}
	return fmt.Sprint(a)
}

func (k kept) text() (Text, bool) {
	t := Text{Format: k.Format}
	for _, a := range k.Args {
		argument, ok := readArgument(a)
		if !ok {
			return Text{}, false
		}
		t.Args = append(t.Args, argument)
	}
	return t, k.Format != ""
}

func readArgument(a any) (any, bool) {
	switch a := a.(type) {
	case nil, bool, string:
		return a, true
	case json.Number:
		if n, err := a.Int64(); err == nil {
			return n, true
		}
		return nil, false
	case map[string]any:
		b, err := json.Marshal(a)
		if err != nil {
			return nil, false
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var k kept
		if d.Decode(&k) != nil {
			return nil, false
		}
		return k.argument()
	}
	return nil, false
}

func (k kept) argument() (any, bool) {
	switch {
	case k.Number != nil:
		return *k.Number, true
	case len(k.Words) > 0:
		return k.Words, true
	case len(k.Texts) > 0:
		var all Texts
		if k.Between != nil {
			between, ok := k.Between.text()
			if !ok {
				return nil, false
			}
			all.Between = between
		}
		for _, one := range k.Texts {
			t, ok := one.text()
			if !ok {
				return nil, false
			}
			all.Add(t)
		}
		return all, true
	}
	return k.text()
}
