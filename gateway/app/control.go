package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// controlSocket is where the command line reaches a running gateway; only the user who runs
// the gateway can open it. Drivers may run as the same user, and what confines them forbids files
// and not sockets: so who calls shows what stands in controlToken beside it.
const (
	controlSocket = "gateway.sock"
	controlToken  = "gateway.token"
)

// newToken writes what callers must show; it is another one after each start.
func newToken(dir string) (string, error) {
	token := rand.Text()
	file := filepath.Join(dir, controlToken)
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
	socket := filepath.Join(dir, controlSocket)
	if len(socket) < maxSocketPath {
		return f(socket)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("data_dir: its path is too long for a socket, and it cannot be opened: use a shorter one: %w", err)
	}
	defer d.Close()
	return f(fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), controlSocket))
}

// runControl answers the command line until ctx ends.
func (a *App) runControl(ctx context.Context) error {
	return inFolder(a.cfg.dataDir(), func(file string) error { return a.control(ctx, file) })
}

func (a *App) control(ctx context.Context, file string) error {
	token, err := newToken(a.cfg.dataDir())
	if err != nil {
		return fmt.Errorf("write %s into data_dir: %w", controlToken, err)
	}
	defer os.Remove(filepath.Join(a.cfg.dataDir(), controlToken))
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", file)
	if err != nil {
		return fmt.Errorf("listen for the command line at %s in data_dir: %w", controlSocket, err)
	}
	defer os.Remove(file)
	if err := os.Chmod(file, 0o600); err != nil {
		l.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			a.log.Warn("somebody asked for a backup without what data_dir holds for that", "file", controlToken)
			http.Error(w, "show what "+controlToken+" in data_dir holds", http.StatusForbidden)
			return
		}
		w.Header().Set("Trailer", "X-Error")
		if err := a.Backup(r.Context(), w); err != nil {
			a.log.Error("backup", "error", err)
			w.Header().Set("X-Error", err.Error())
		}
	})
	return serve(ctx, &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}, l)
}

// BackupRunning asks the gateway that runs on dir for a backup and writes it to w.
// ErrNotRunning says that none does.
func BackupRunning(ctx context.Context, dir string, w io.Writer) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = inFolder(dir, func(socket string) error {
			conn, err = (&net.Dialer{}).DialContext(ctx, "unix", socket)
			return err
		})
		return conn, err
	}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, "POST", "http://gateway/backup", nil)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(dir, controlToken))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // an older gateway has none
		return fmt.Errorf("backup: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	resp, err := client.Do(r)
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return ErrNotRunning
		}
		return fmt.Errorf("backup: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("backup: the gateway that runs answers %s; run this as its user, on its own data_dir", resp.Status)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if text := resp.Trailer.Get("X-Error"); text != "" {
		return errors.New(text)
	}
	return nil
}

// ErrNotRunning says that no gateway runs on a data folder.
var ErrNotRunning = errors.New("no gateway runs on this data folder")
