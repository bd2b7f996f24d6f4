package intake

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// FuzzDecodeFlat checks that the full decoder decodes whatever the fast path decodes, to the same.
func FuzzDecodeFlat(f *testing.F) {
	for _, s := range []string{`{}`, ` { "t" : -1.5e3 , "on":true,"off" :false, "mode": "auto" } `,
		`{"t":0,"time":1788220800000}`, `{"time":"2026-09-01T08:00:00.5+08:00","t":1}`,
		`{"t":01}`, `{"t":1}{`, `{"t":1,}`, `{"t":1,"t":2}`, `{"t":null}`, `{"values":{"t":1}}`,
		`{"t":1e999}`, `{"t":"\u0041"}`, `{"t":.5}`, `{"t":-}`, `{"time":0}`, `{"time":1.5}`,
		`{"time":-0}`, `{"time":1,"time":2}`, `{"time":1788220800}`, `{"time":1788220800.5,"t":1}`,
		`{"t":tru}`, `{"t"`, "{\"\x00\":1}", "{}\x00", `{"values":1,"time":5}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := decodeFlat(b)
		if !ok {
			return
		}
		m, err := decodeTelemetry(b)
		if err != nil {
			t.Fatalf("%q is read, and is wrong: %v", b, err)
		}
		if d := cmp.Diff(got, m.Observation,
			cmp.Comparer(func(a, b g.Value) bool { return a == b })); d != "" {
			t.Errorf("%q: got, want:\n%s", b, d)
		}
	})
}

// TestDecodeFlatIsTaken checks that ordinary messages take the fast path.
func TestDecodeFlatIsTaken(t *testing.T) {
	for _, s := range []string{
		`{"temperature":21.37,"humidity":45.2,"co2":612}`,
		`{"smoke": false, "mode": "auto", "time": "2026-09-01T08:00:00+08:00"}`,
	} {
		if _, ok := decodeFlat([]byte(s)); !ok {
			t.Errorf("%s goes the long way", s)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	payload := []byte(`{"temperature":21.37,"humidity":45.2,"co2":612}`)
	for name, f := range map[string]func() error{
		"flat": func() error { _, err := Decode("telemetry", payload); return err },
		"long": func() error { _, err := decodeTelemetry(payload); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
