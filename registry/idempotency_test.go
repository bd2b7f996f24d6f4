package registry_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

func TestAnswersAreKeptThroughARestart(t *testing.T) {
	c := newClock()
	o := registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}
	r := open(t, o)
	v, ctx := r.In(g.SystemScope("test")), t.Context()
	if _, found, err := v.Access.BeginOnce(ctx, "one", "request 1"); found || err != nil {
		t.Fatalf("got %v, %v of a new name, want it reserved", found, err)
	}
	if _, _, err := v.Access.BeginOnce(ctx, "cut", "request 2"); err != nil {
		t.Fatal(err)
	}
	ok(t,
		v.Access.EndOnce(ctx, "one",
			access.KeptAnswer{
				Status: 201,
				Header: map[string]string{"Content-Type": "application/json"},
				Body:   []byte(`{"secret":"s3cret"}`),
			}))
	ok(t, r.Close())
	v = open(t, o).In(g.SystemScope("test"))
	a, found, err := v.Access.BeginOnce(ctx, "one", "request 1")
	if err != nil || !found || a.Status != 201 || a.Request != "request 1" ||
		string(a.Body) != `{"secret":"s3cret"}` || a.Header["Content-Type"] != "application/json" {
		t.Errorf("got %+v, %v, %v, want the answer of before", a, found, err)
	}
	if a, found, err = v.Access.BeginOnce(ctx, "cut", "request 2"); err != nil || !found || a.Status != 0 {
		t.Errorf("got %+v, %v, %v of a request that was cut off, want that it began", a, found, err)
	}
	ok(t, v.Access.EndOnce(ctx, "cut", access.KeptAnswer{}))
	if _, found, err = v.Access.BeginOnce(ctx, "cut", "request 3"); err != nil || found {
		t.Errorf("got %v, %v of a name that was freed, want it free", found, err)
	}
	c.add(25 * time.Hour)
	if _, found, err = v.Access.BeginOnce(ctx, "one", "request 4"); err != nil || found {
		t.Errorf("got %v, %v a day later, want it free", found, err)
	}
	other := open(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now})
	if _, _, err := other.In(g.Scope{}).Access.BeginOnce(ctx, "x", "y"); err == nil {
		t.Error("a caller's scope may ask for kept answers, want it refused")
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	c := newClock()
	reg := open(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now})
	v, ctx := reg.In(g.SystemScope("test")), t.Context()
	const all, size = 150, 700 << 10 // about 140 MiB in total as base64
	for n := range all {
		c.add(time.Second)
		name := fmt.Sprint(n)
		_, _, err := v.Access.BeginOnce(ctx, name, "r")
		ok(t, err)
		ok(t,
			v.Access.EndOnce(ctx, name,
				access.KeptAnswer{Status: 200, Body: bytes.Repeat([]byte{'x'}, size)}))
	}
	kept := 0
	for n := range all {
		if _, found, err := v.Access.BeginOnce(ctx, fmt.Sprint(n), "r"); err != nil {
			t.Fatal(err)
		} else if found {
			kept++
		}
	}
	if kept < 50 || kept > 72+64 {
		t.Errorf("got %d of %d answers kept, want the newest 64 MiB and at most 64 more", kept, all)
	}
	if _, found, _ := v.Access.BeginOnce(ctx, fmt.Sprint(all-1), "r"); !found {
		t.Error("the newest answer is gone, want the oldest to go first")
	}
}
