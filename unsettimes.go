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

// OmitUnsetTimes removes members whose value is the zero time from JSON: an API client would take
// 0001-01-01 for a date.
func OmitUnsetTimes(b []byte) []byte {
	if !bytes.Contains(b, []byte(neverSet)) {
		return b
	}
	return unsetFirst.ReplaceAll(unsetLater.ReplaceAll(b, nil), nil)
}
