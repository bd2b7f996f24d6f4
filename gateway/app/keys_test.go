package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
)

func TestMasterKey(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	ok(t, os.MkdirAll(keys, 0o700))
	// of a start that was cut off
	ok(t, os.WriteFile(filepath.Join(keys, "new-1"), []byte("0123"), 0o600))
	key, err := app.MasterKey(dir)
	ok(t, err)
	again, err := app.MasterKey(dir)
	ok(t, err)
	if len(key) != 32 || !bytes.Equal(again, key) {
		t.Errorf("got %d bytes and then others, want the same 32", len(key))
	}
	info, err := os.Stat(filepath.Join(keys, "master.key"))
	ok(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	ok(t, os.WriteFile(filepath.Join(dir, "registry.db"), nil, 0o600))
	ok(t, os.Remove(filepath.Join(keys, "master.key")))
	if _, err := app.MasterKey(dir); err == nil {
		t.Error("a new key was made beside a registry that another one opens")
	}
}
