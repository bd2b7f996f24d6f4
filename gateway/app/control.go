package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
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
		return fmt.Errorf("data_dir: its path is too long for a socket, and it cannot be opened: "+
			"use a shorter one: %w",
			err)
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
	for path, deed := range map[string]http.HandlerFunc{
		"POST /backup": a.backupFor,
		"POST /reload": a.reloadFor,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")),
				[]byte("Bearer "+token)) != 1 {
				a.log.Warn("somebody asked at the command line's socket without what data_dir "+
					"holds for that",
					"for", path, "file", controlToken)
				http.Error(w, "show what "+controlToken+" in data_dir holds", http.StatusForbidden)
				return
			}
			deed(w, r)
		})
	}
	return serve(ctx, &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}, l)
}

func (a *App) backupFor(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "X-Error")
	if err := a.Backup(r.Context(), w); err != nil {
		a.log.Error("backup", "error", err)
		w.Header().Set("X-Error", err.Error())
	}
}

func (a *App) reloadFor(w http.ResponseWriter, r *http.Request) {
	out, err := a.ReloadHere(r.Context(), r.URL.Query().Get("dry_run") != "")
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	_ = json.NewEncoder(w).Encode(out) // a caller who is gone needs no answer
}

// ReloadRunning asks the gateway that runs on dir to reload, or with dry what that would change.
// ErrNotRunning says that none runs.
func ReloadRunning(ctx context.Context, dir string, dry bool) (out api.Reload, err error) {
	path := "/reload"
	if dry {
		path += "?dry_run=true"
	}
	resp, err := ask(ctx, dir, path)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReload))
	switch {
	case err != nil:
		return out, err
	case resp.StatusCode == http.StatusNotFound:
		return out, errors.New("the gateway that runs is of a version that cannot reload: " +
			"restart it")
	case resp.StatusCode != http.StatusOK:
		return out, errors.New(strings.TrimSpace(string(b)))
	}
	return out, json.Unmarshal(b, &out)
}

// maxReload bounds what is read of an answer: all rules in full, before and after.
const maxReload = 64 << 20

// BackupRunning asks the gateway that runs on dir for a backup and writes it to w.
// ErrNotRunning says that none does.
func BackupRunning(ctx context.Context, dir string, w io.Writer) error {
	resp, err := ask(ctx, dir, "/backup")
	if errors.Is(err, ErrNotRunning) {
		return err
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("backup: the gateway that runs answers %s; run this as its user, on "+
			"its own data_dir",
			resp.Status)
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

// ask posts to the gateway that runs on a data folder.
func ask(ctx context.Context, dir, path string) (*http.Response, error) {
	dial := func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = inFolder(dir, func(socket string) error {
			conn, err = (&net.Dialer{}).DialContext(ctx, "unix", socket)
			return err
		})
		return conn, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://gateway"+path, nil)
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(dir, controlToken))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // an older gateway has none
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	resp, err := client.Do(r)
	var dialling *net.OpError
	if errors.As(err, &dialling) && dialling.Op == "dial" {
		return nil, ErrNotRunning
	}
	return resp, err
}
