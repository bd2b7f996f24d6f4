package gate

import (
	"bytes"

	g "github.com/gatehouse-iot/gatehouse"
)

// JPEG is an image as it goes out.
type JPEG struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

// Picture makes the response of a JPEG that no cache may store. Other bytes mean
// that there is no picture yet.
func Picture(b []byte, err error) (*JPEG, error) {
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
		return nil, g.Errorf(g.Unavailable, "there is no picture yet; try again shortly")
	}
	return &JPEG{"image/jpeg", "private, no-store", b}, nil
}
