package registry_test

import (
	"fmt"
	"slices"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

func self(s string) string { return s }

// readAll reads a list page by page; between is called after each page.
func readAll(
	t *testing.T, w *registry.Walks, list func() []string, between func(page int),
) []string {
	t.Helper()
	var got []string
	next := ""
	for n := 1; ; n++ {
		page, after, err := registry.Walk(w, list(), registry.Page{Limit: 3, Cursor: next}, self)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page...)
		if next = after; next == "" {
			return got
		}
		between(n)
	}
}

func TestWalk(t *testing.T) {
	all := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for name, change := range map[string]func(list []string) []string{
		"nothing": func(l []string) []string { return l },
		"the last of page 1 goes": func(l []string) []string {
			return slices.DeleteFunc(l, func(s string) bool { return s == "c" })
		},
		"one comes before": func(l []string) []string { return append([]string{"0"}, l...) },
		"all turn round":   func(l []string) []string { slices.Reverse(l); return l },
	} {
		t.Run(name, func(t *testing.T) {
			list := slices.Clone(all)
			got := readAll(t, registry.NewWalks(100), func() []string { return list },
				func(page int) {
					if page == 1 {
						list = change(slices.Clone(list))
					}
				})
			if !slices.Equal(got, all) {
				t.Errorf("got %v, want each of %v once", got, all)
			}
		})
	}
}

// An unchanged order continues after a restart; a changed one that is no longer kept returns Gone,
// and never wrong rows.
func TestWalkIsTold(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	before := registry.NewWalks(100)
	_, next, err := registry.Walk(before, all, registry.Page{Limit: 2}, self)
	if err != nil || next == "" {
		t.Fatalf("got next %q, %v, want one", next, err)
	}
	after := registry.NewWalks(100)
	page, _, err := registry.Walk(after, all, registry.Page{Limit: 2, Cursor: next}, self)
	if err != nil || !slices.Equal(page, []string{"c", "d"}) {
		t.Errorf("got %v, %v after a restart, want c and d", page, err)
	}
	_, _, err = registry.Walk(after, []string{"b", "c", "d"},
		registry.Page{Limit: 2, Cursor: next}, self)
	if g.ErrorCode(err) != g.Gone {
		t.Errorf("got %v where the order is not kept, want gone", err)
	}
}

func TestWalksAreBounded(t *testing.T) {
	w := registry.NewWalks(10)
	first := ""
	for i := range 5 {
		list := []string{fmt.Sprint(i), "b", "c", "d"}
		_, next, err := registry.Walk(w, list, registry.Page{Limit: 2}, self)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = next
		}
		if i == 4 {
			page, _, err := registry.Walk(w, []string{"x"}, registry.Page{Limit: 2, Cursor: next},
				self)
			if err != nil || len(page) != 0 {
				t.Errorf("got %v, %v of the newest order, want it kept", page, err)
			}
		}
	}
	if _, _, err := registry.Walk(w, []string{"x"}, registry.Page{Limit: 2, Cursor: first}, self); g.ErrorCode(
		err) != g.Gone {
		t.Errorf("got %v of the oldest order, want it let go", err)
	}
}
