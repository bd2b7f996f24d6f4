package gatehouse

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// ValueKind is the type of a Value.
type ValueKind uint8

// The kinds of value; the zero Value is of kind None.
const (
	None ValueKind = iota
	Number
	Bool
	String
)

// Value is what a property holds: a finite number, a boolean or a string of at most
// MaxStringValue characters. It is comparable with ==.
type Value struct {
	kind ValueKind
	num  float64 // Bool: 0 or 1
	str  string
}

// MaxStringValue is the most characters of a string value.
const MaxStringValue = 1024

// FitsValue reports whether s is short enough for a string value.
func FitsValue(s string) bool {
	return len(s) <= MaxStringValue || utf8.RuneCountInString(s) <= MaxStringValue
}

// NumberValue makes a number value.
func NumberValue(f float64) Value {
	return Value{
		kind: Number,
		num:  f,
	}
}

// BoolValue makes a boolean value.
func BoolValue(b bool) Value {
	if b {
		return Value{
			kind: Bool,
			num:  1,
		}
	}
	return Value{kind: Bool}
}

// StringValue makes a string value.
func StringValue(s string) Value {
	return Value{
		kind: String,
		str:  s,
	}
}

// Kind is the value's type.
func (v Value) Kind() ValueKind { return v.kind }

// Float is the number, or 1 and 0 for true and false; ok is false for strings and None.
func (v Value) Float() (f float64, ok bool) { return v.num, v.kind == Number || v.kind == Bool }

// Bool is the boolean; ok is false for every other kind.
func (v Value) Bool() (b, ok bool) { return v.num != 0, v.kind == Bool }

// Text is the string; ok is false for every other kind.
func (v Value) Text() (s string, ok bool) { return v.str, v.kind == String }

// String shows the value as a person would write it.
func (v Value) String() string {
	switch v.kind {
	case Number:
		return strconv.FormatFloat(v.num, 'g', -1, 64)
	case Bool:
		return strconv.FormatBool(v.num != 0)
	case String:
		return v.str
	}
	return "none"
}

// Any is the value as float64, bool, string or nil.
func (v Value) Any() any {
	switch v.kind {
	case Number:
		return v.num
	case Bool:
		return v.num != 0
	case String:
		return v.str
	}
	return nil
}

// ValueOf converts a decoded JSON or YAML scalar to a Value.
func ValueOf(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return BoolValue(x), nil
	case string:
		if !FitsValue(x) {
			return Value{}, Errorf(TooLarge, "the text has %d characters; at most %d are kept",
				utf8.RuneCountInString(x), MaxStringValue)
		}
		return StringValue(x), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return Value{}, Errorf(Invalid, "%v is not a finite number", x)
		}
		return NumberValue(x), nil
	case float32:
		return ValueOf(float64(x))
	case int:
		return NumberValue(float64(x)), nil
	case int64:
		return NumberValue(float64(x)), nil
	case uint64:
		return NumberValue(float64(x)), nil
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return Value{}, Errorf(Invalid, "%q is not a number", x.String())
		}
		return ValueOf(f)
	}
	return Value{}, Errorf(Invalid, "a %T is no value: give a number, true, false or a text", x)
}

// MarshalJSON encodes the bare scalar.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Any()) }

// UnmarshalJSON decodes a bare scalar; objects and arrays are errors.
func (v *Value) UnmarshalJSON(b []byte) error {
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return fmt.Errorf("read value: %w", err)
	}
	w, err := ValueOf(x)
	if err != nil {
		return err
	}
	*v = w
	return nil
}
