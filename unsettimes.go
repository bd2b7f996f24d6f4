package gatehouse

import (
	"bytes"
	"regexp"
)

const neverSet = `"0001-01-01T00:00:00Z"`

var (
	unsetLater = regexp.MustCompile(`,"[^"\\]*":` + neverSet)
	unsetFirst = regexp.MustCompile(`"[^"\\]*":` + neverSet + `,?`)
)

// OmitUnsetTimes takes the members out of JSON whose value is the zero time: an integrator
// would read 0001-01-01 as a day.
func OmitUnsetTimes(b []byte) []byte {
	if !bytes.Contains(b, []byte(neverSet)) {
		return b
	}
	return unsetFirst.ReplaceAll(unsetLater.ReplaceAll(b, nil), nil)
}
