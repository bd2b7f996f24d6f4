package sheet_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/gatehouse-iot/gatehouse/registry/sheet"
)

// Each file is decoded correctly or its encoding is reported as unsure, never silently wrong.
func TestEncodingIsToldOrAsked(t *testing.T) {
	code := func(s string, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return []byte(s)
	}
	simplified, traditional := simplifiedchinese.GB18030.NewEncoder(), traditionalchinese.Big5.NewEncoder()
	western := charmap.Windows1252.NewEncoder()
	for name, c := range map[string]struct {
		file     []byte
		encoding string
		text     string // expected in the decoded text
	}{
		"simplified":  {code(simplified.String("学号,姓名\n1,陈洁\n2,赵磊\n")), "gbk", "陈洁"},
		"traditional": {code(traditional.String("學號,姓名\n1,陳潔\n2,趙磊\n")), "big5", "陳潔"},
		"names alone": {code(traditional.String("1,黃志明\n2,林淑芬\n3,蔡雅婷\n")), "big5", "黃志明"},
		"four bytes":  {code(simplified.String("学号,姓名\n1,𠮷田\n")), "gb18030", "𠮷田"},
		"accents": {
			code(western.String("number,name\n1,Anna Müller\n2,René Dupré\n")),
			"windows-1252",
			"Müller",
		},
		"a mark": {[]byte("\ufeffnumber,name\n1,陈\n"), "utf-8", "陈"},
		"two bytes, no mark": {
			[]byte(strings.ReplaceAll("number,name,class\n1,A,7-1\n", "", "\x00")[1:]),
			"utf-16",
			"class",
		},
		"traditional in GBK":   {code(simplified.String("學號,姓名,班級\n1,陳國華,三年級\n")), "gbk", "陳國華"},
		"one rare name, ASCII": {code(simplified.String("number,name\n1,龘\n")), "", ""},
	} {
		got, err := sheet.Read(c.file, sheet.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := strings.Join(texts(got), "\n")
		if c.encoding == "" {
			if got.Sure {
				t.Errorf("%s: read as %s without a question: %q", name, got.Encoding, all)
			}
			continue
		}
		if got.Encoding != c.encoding || !strings.Contains(all, c.text) {
			t.Errorf("%s: got %s, %q, want %s with %q", name, got.Encoding, all, c.encoding, c.text)
		}
	}
	_, err := sheet.Read([]byte("number,name\n1,\x81\x20\xff\xff\n"), sheet.Options{})
	var f *sheet.Fault
	if !errors.As(err, &f) || f.Code != "encoding_unfit" {
		t.Errorf("got %v, want that no encoding fits", err)
	}
}
