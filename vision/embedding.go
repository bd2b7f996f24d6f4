package vision

import (
	"encoding/binary"
	"fmt"
	"math"
)

// EncodeEmbedding writes an embedding as little-endian 32-bit floats, the form in which it
// crosses from the camera program at enrolment and in which it is kept.
func EncodeEmbedding(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// DecodeEmbedding reads what EncodeEmbedding wrote; a number that is not finite is refused.
func DecodeEmbedding(b []byte) ([]float32, error) {
	if len(b) == 0 || len(b)%4 != 0 {
		return nil, fmt.Errorf("read embedding: %d bytes are no row of 4-byte numbers", len(b))
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if x := float64(out[i]); math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("read embedding: number %d is not finite", i+1)
		}
	}
	return out, nil
}
