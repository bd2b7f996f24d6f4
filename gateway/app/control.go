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
func controlSocket(dir string) string { return filepath.Join(dir, "gateway.sock") }

// runControl answers the command line until ctx ends.
func (a *App) runControl(ctx context.Context) error {
	file := controlSocket(a.cfg.dataDir())
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", file)
	if err != nil {
		return err
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
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(dir))
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
