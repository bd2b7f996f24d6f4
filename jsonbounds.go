package gatehouse

// Limits of JSON from outside, by structure rather than size.
const (
	JSONDepth  = 32      // nested arrays and objects
	JSONValues = 200_000 // commas, roughly: members and elements
)

// BoundJSON checks that JSON text stays within depth and values, before it is decoded. It does not
// validate: text that is not JSON may pass. The error is Invalid and names the byte.
func BoundJSON(b []byte, depth, values int) error {
	deep, n, text := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if deep++; deep > depth {
				return Errorf(Invalid,
					"byte %d: the JSON is nested more than %d deep; write it flatter", i, depth)
			}
			n++
		case c == ']' || c == '}':
			deep--
		case c == ',':
			n++
		}
		if n > values {
			return Errorf(Invalid,
				"byte %d: the JSON has more than %d values; send less at a time", i, values)
		}
	}
	return nil
}
