// Package control is how the gateway's command line reaches a running gateway: through a socket in
// its data folder, and a token beside it. It refuses callers that cannot read that folder, and
// never opens the stores of a stopped gateway, which callers do themselves.
package control

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// socketName is where the command line reaches a running gateway; only the user that runs the
// gateway can open it. Drivers may run as the same user, and their confinement restricts files but
// not sockets, so callers must also present the token in tokenName.
const (
	socketName = "gateway.sock"
	tokenName  = "gateway.token"
)

// newToken writes a new token, which callers of this run must present.
func newToken(dir string) (string, error) {
	token := rand.Text()
	file := filepath.Join(dir, tokenName)
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return token, os.WriteFile(file, []byte(token), 0o600)
}

// maxSocketPath is the size of the path in a Unix socket address on Linux (unix(7)), including the
// terminating zero.
const maxSocketPath = 108

// inFolder calls f with a path of the control socket that fits into a socket address: if the real
// one is too long, one through a file descriptor of dir, valid only while f runs.
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
