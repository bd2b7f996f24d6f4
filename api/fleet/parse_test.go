package fleet

import (
	"encoding/json"
	"testing"
)

func FuzzProfileRef(f *testing.F) {
	for _, s := range []string{
		`"smoke"`, `{"id":"x","title":"X","type":"sensor"}`, `{`, `null`, `7`,
		`{"id":"x","properties":{"a":{"type":"number","minimum":1e999}}}`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r profileRef
		if err := json.Unmarshal(b, &r); err != nil {
			return
		}
		if r.inline != nil && r.inline.Validate() != nil {
			t.Errorf("%q was taken although it does not hold", b)
		}
	})
}

func FuzzProfileBody(f *testing.F) {
	f.Add([]byte("id: x\ntitle: X\ntype: sensor\n"), "application/yaml")
	f.Add([]byte(`{"id":"x","title":"X","type":"sensor"}`), "application/json; charset=utf-8")
	f.Add([]byte("&a [*a]"), "text/yaml")
	f.Add([]byte("\xff\x00"), ";")
	f.Fuzz(func(t *testing.T, b []byte, kind string) {
		p, err := ProfileBody{RawBody: b, ContentType: kind}.profile(t.Context())
		if err == nil && p.Validate() != nil {
			t.Errorf("%q was taken although it does not hold", b)
		}
	})
}
