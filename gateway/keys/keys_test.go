package keys_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/keys"
)

func TestMasterKey(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "keys")
	ok(t, os.MkdirAll(folder, 0o700))
	// of an interrupted start
	ok(t, os.WriteFile(filepath.Join(folder, "new-1"), []byte("0123"), 0o600))
	key, err := keys.Master(dir)
	ok(t, err)
	again, err := keys.Master(dir)
	ok(t, err)
	if len(key) != 32 || !bytes.Equal(again, key) {
		t.Errorf("got %d bytes and then others, want the same 32", len(key))
	}
	info, err := os.Stat(filepath.Join(folder, "master.key"))
	ok(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	ok(t, os.WriteFile(filepath.Join(dir, "registry.db"), nil, 0o600))
	ok(t, os.Remove(filepath.Join(folder, "master.key")))
	if _, err := keys.Master(dir); err == nil {
		t.Error("a new key was made beside a registry that another one opens")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
