package anchor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
	"github.com/gatehouse-iot/gatehouse/registry"
)

func TestAnchorsAreFoundInAnyLog(t *testing.T) {
	a := registry.AuditAnchor{Time: time.Unix(1788246000, 0).UTC(), MAC: strings.Repeat("ab", 32)}
	a.Seq, a.Hash = 42, strings.Repeat("0f", 32)
	text := "noise\n" + strings.Repeat("x", 200_000) + "\nlevel=INFO anchor=" + anchor.Text(a) +
		" more\n{\"anchor\":\"" + anchor.Text(a) + "\"}"
	got, err := anchor.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]registry.AuditAnchor{a, a}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestAnchorsAcrossPieces: in a very long line an anchor stands wherever the pieces are cut.
func TestAnchorsAcrossPieces(t *testing.T) {
	a := registry.AuditAnchor{Time: time.Unix(1788246000, 0).UTC(), MAC: strings.Repeat("ab", 32)}
	a.Seq, a.Hash = 42, strings.Repeat("0f", 32)
	for before := 64<<10 - 200; before <= 64<<10+1; before++ {
		text := strings.Repeat("x", before) + anchor.Text(a) + strings.Repeat("y", 100) + anchor.Text(a)
		got, err := anchor.Read(strings.NewReader(text))
		if err != nil || len(got) != 2 || got[0] != a || got[1] != a {
			t.Fatalf("after %d bytes: got %+v, %v, want the anchor twice", before, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	a := registry.AuditAnchor{Time: time.Unix(1, 0), MAC: strings.Repeat("0", 64)}
	f.Add(anchor.Text(a))
	f.Add("gha1:99999999999999999999::1:" + a.MAC)
	f.Add("gha1:1:zz:1:\n\x00")
	f.Fuzz(func(t *testing.T, s string) {
		found, err := anchor.Read(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range found {
			if again, err := anchor.Read(strings.NewReader(anchor.Text(x))); err != nil ||
				len(again) != 1 || again[0] != x {
				t.Errorf("%+v reads back as %+v %v", x, again, err)
			}
		}
	})
}
