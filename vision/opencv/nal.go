//go:build vision

package opencv

// kind is the nal_unit_type of a NAL unit (H.264 table 7-1, H.265 table 7-1); false if the unit is
// too short to have one.
func (c Codec) kind(nal []byte) (byte, bool) {
	switch {
	case len(nal) < 2:
		return 0, false
	case c == H265:
		return nal[0] >> 1 & 0x3f, true
	}
	return nal[0] & 0x1f, true
}

// StartsPicture reports whether decoding can begin with an access unit: at an IDR picture; in H.264
// also at a recovery point, which cameras without key frames send; in H.265 at any random access
// picture.
func (c Codec) StartsPicture(unit [][]byte) bool {
	for _, n := range unit {
		kind, ok := c.kind(n)
		switch {
		case !ok:
		case c == H265:
			if kind >= 16 && kind <= 21 {
				return true
			}
		case kind == 5, kind == 6 && n[1] == 6: // SEI, recovery point (H.264 annex D)
			return true
		}
	}
	return false
}

// ParameterSet returns the type of a parameter set; false if the NAL unit is none.
func (c Codec) ParameterSet(nal []byte) (kind byte, ok bool) {
	kind, ok = c.kind(nal)
	if c == H265 {
		return kind, ok && kind >= 32 && kind <= 34
	}
	return kind, ok && (kind == 7 || kind == 8)
}

// ParameterSets returns the types of parameter set that a key picture needs, in their order.
func (c Codec) ParameterSets() []byte {
	if c == H265 {
		return []byte{32, 33, 34}
	}
	return []byte{7, 8}
}

// Slice reports whether a NAL unit holds a part of a picture.
func (c Codec) Slice(nal []byte) bool {
	kind, ok := c.kind(nal)
	if c == H265 {
		return ok && kind < 32
	}
	return ok && kind >= 1 && kind <= 5
}

// Delimiter reports whether a NAL unit is an access unit delimiter, which comes before all others.
func (c Codec) Delimiter(nal []byte) bool {
	kind, ok := c.kind(nal)
	if c == H265 {
		return ok && kind == 35
	}
	return ok && kind == 9
}
