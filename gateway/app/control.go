package app

import (
	"context"
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
// the gateway can open it.
const controlSocket = "gateway.sock"

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
	resp, err := client.Do(r)
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return ErrNotRunning
		}
		return fmt.Errorf("backup: %w", err)
	}
	defer resp.Body.Close()
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
