package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestNewcomer types the README's "make run" and waits for what it promises: the console, and
// the story of the demonstration's first minute. It takes the README's ports and the
// repository's data folder, so it runs only where GATEHOUSE_E2E_MAKE is set, on a machine that
// has nothing else to do.
func TestNewcomer(t *testing.T) {
	if os.Getenv("GATEHOUSE_E2E_MAKE") == "" {
		t.Skip("GATEHOUSE_E2E_MAKE is not set: .ci/run sets it, in a clone of its own")
	}
	h := (&house{
		t:         t,
		root:      root(t),
		make:      true,
		args:      []string{"run"},
		passwords: map[string]string{},
	}).begin()
	if want := "http://127.0.0.1:8080"; strings.TrimSuffix(h.url, "/") != want {
		t.Errorf("the console is at %s, want %s as the README says", h.url, want)
	}
	for _, name := range []string{"admin", "guard", "facility", "teacher"} {
		h.signIn(name)
	}
	began := time.Now()
	admin := h.signIn("admin")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &schoolTest{T: t, h: h, admin: admin, all: admin.watch(ctx, "", 0)}
	t.Run("fleet", s.fleet)
	t.Run("arrival by face", s.arrival)
	t.Run("meal, dormitory and card", s.cards)
	t.Run("smoke", s.smoke)
	t.Logf("the story was there %s after the console", time.Since(began).Round(time.Second))
}
