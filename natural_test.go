package gatehouse_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{
		"", "07", "7", "7-1", "7-2", "7-10", "7年级9班", "7年级10班", "10-1",
		"100000000000000000000001", "A", "a", "b", "一年级", "二年级", "九年级", "十年级", "十一年级",
		"二十年级", "初一1班", "初二1班", "初三1班", "高一",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, g.CompareNatural)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, a := range want {
		for _, b := range want {
			if g.CompareNatural(a, b) != -g.CompareNatural(b, a) {
				t.Errorf("%q and %q are ordered both ways", a, b)
			}
		}
	}
}
