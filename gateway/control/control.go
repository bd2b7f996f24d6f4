// Package control is how the commands of the gateway's program reach a gateway that runs: a socket in
// its data folder, and a token beside it. It refuses callers that cannot read that folder, and to
// open a stopped gateway's stores: that is the caller's.
package control

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// socketName is where the command line reaches a running gateway; only the user who runs the
// gateway can open it. Drivers may run as the same user, and what confines them forbids files and
// not sockets: so who calls shows what stands in tokenName beside it.
const (
	socketName = "gateway.sock"
	tokenName  = "gateway.token"
)

// newToken writes what callers must show; it is another one after each start.
func newToken(dir string) (string, error) {
	token := rand.Text()
	file := filepath.Join(dir, tokenName)
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return token, os.WriteFile(file, []byte(token), 0o600)
}

// maxSocketPath is what an address of a Unix socket holds on Linux (unix(7)), with the zero
// at its end.
const maxSocketPath = 108

// inFolder calls f with a path of the control socket that fits an address: the folder's own,
// or where that is too long one by way of a file descriptor, which is valid while f runs.
func inFolder(dir string, f func(socket string) error) error {
	socket := filepath.Join(dir, socketName)
	if len(socket) < maxSocketPath {
		return f(socket)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("data_dir: its path is too long for a socket, and it cannot be opened: "+
			"use a shorter one: %w",
			err)
	}
	defer d.Close()
	return f(fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), socketName))
}
