package texts

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// remarks.zh.json has the remarks about a file of people in Chinese, by code; the English is in
// registry/roster and registry/sheet.
//
//go:embed remarks.zh.json
var remarksJSON []byte

// remarks is what remarks.zh.json holds.
type remarks struct {
	Remarks  map[string]string
	Fields   map[string]string
	Unheaded string // stands for a missing heading
}

var chineseRemarks = sync.OnceValue(func() (r remarks) {
	if json.Unmarshal(remarksJSON, &r) != nil {
		return remarks{} // the package's test reads the file, too
	}
	return r
})

// Remark renders a remark about a file of people; false in English, in which remarks are written,
// and for a code without a text.
func (l Language) Remark(code string, values map[string]string) (said string, ok bool) {
	if l == English {
		return "", false
	}
	all := chineseRemarks()
	format, ok := all.Remarks[code]
	var pairs []string
	for name, value := range values {
		switch {
		case name == "field" && all.Fields[value] != "":
			value = all.Fields[value]
		case name == "heading" && value == "":
			value = all.Unheaded
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(format), ok
}
