package gatehouse

import (
	"strings"
	"unicode"
)

// MaxPlate is how many characters a number plate has at most, without signs between them.
const MaxPlate = 12

// NormalPlate is a number plate as it is compared: letters and digits alone, in upper case and of
// normal width, and the Chinese characters of provinces and kinds in their simplified form.
// 京a·123 45 and 京Ａ12345 are the same plate; "" is none. A camera that leaves the province out tells
// another plate.
func NormalPlate(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '！' && r <= '～' { // full width
			r -= '！' - '!'
		}
		if i := strings.IndexRune(traditional, r); i >= 0 {
			r = []rune(simplified)[len([]rune(traditional[:i]))]
		}
		if r = unicode.ToUpper(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The characters of plates whose forms differ, in the same order: provinces, and what follows.
const (
	traditional = "遼黒蘇魯贛粵瓊貴雲陝寧滬晉閩學領掛"
	simplified  = "辽黑苏鲁赣粤琼贵云陕宁沪晋闽学领挂"
)
