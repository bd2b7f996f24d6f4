package gatehouse

import (
	"cmp"
	"strings"
	"unicode"
)

// CompareNatural orders texts as people do: numbers by value, so that 7年级9班 comes before 7年级10班,
// and Chinese numerals too, so that 初二 comes before 初三. Texts that differ only in how numbers are
// written, such as 07 and 7, are ordered by their characters: 0 means equal.
func CompareNatural(a, b string) int {
	x, y := []rune(a), []rune(b)
	for i, j := 0, 0; i < len(x) || j < len(y); {
		if i == len(x) || j == len(y) {
			return cmp.Compare(len(x)-i, len(y)-j)
		}
		m, n := numeral(x[i:]), numeral(y[j:])
		if m > 0 && n > 0 {
			if c := compareNumerals(x[i:i+m], y[j:j+n]); c != 0 {
				return c
			}
			i, j = i+m, j+n
			continue
		}
		if c := cmp.Compare(unicode.ToLower(x[i]), unicode.ToLower(y[j])); c != 0 {
			return c
		}
		i, j = i+1, j+1
	}
	return strings.Compare(a, b)
}

const chineseDigits = "〇一二三四五六七八九"

// numeral is the length of the number at the start of s: ASCII digits, or a Chinese numeral up to
// 99.
func numeral(s []rune) (n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	for n == 0 || n < len(s) && chineseDigit(s[n-1]) {
		if n >= len(s) || n == 3 || !chineseDigit(s[n]) {
			break
		}
		n++
	}
	return n
}

func chineseDigit(r rune) bool { return r == '十' || strings.ContainsRune(chineseDigits, r) }

// compareNumerals compares by value; numbers may be of any length.
func compareNumerals(a, b []rune) int {
	x, y := strings.TrimLeft(arabic(a), "0"), strings.TrimLeft(arabic(b), "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
}

// arabic converts a number to ASCII digits: 十 is 10, 二十三 is 23, 十二 is 12.
func arabic(s []rune) string {
	if s[0] < 0x80 {
		return string(s)
	}
	var out strings.Builder
	for i, r := range s {
		d := strings.IndexRune(chineseDigits, r) / len("〇")
		switch {
		case r != '十':
			out.WriteByte(byte('0' + d))
		case i == 0 && i+1 < len(s):
			out.WriteByte('1')
		case i == 0:
			out.WriteString("10")
		case i+1 == len(s):
			out.WriteByte('0')
		}
	}
	return out.String()
}
