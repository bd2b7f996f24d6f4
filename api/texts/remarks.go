package texts

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// remarks.zh.json has what is noted of a file of people, by code; registry/roster and
// registry/sheet say the same in English.
//
//go:embed remarks.zh.json
var remarksJSON []byte

// remarks is what remarks.zh.json holds.
type remarks struct {
	Remarks  map[string]string
	Fields   map[string]string
	Unheaded string // what is said in place of a heading that is not there
}

var chineseRemarks = sync.OnceValue(func() (r remarks) {
	if json.Unmarshal(remarksJSON, &r) != nil {
		return remarks{} // the package's test reads the file, too
	}
	return r
})

// Remark says what is noted of a file of people, where the language is not that in which it was
// noted: false in English, and for a code without words.
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
