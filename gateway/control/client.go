package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/texts"
)

// Reload asks the gateway that runs on dir to reload, or with dry what that would change.
// ErrNotRunning says that none runs. Errors in the files are in the language l.
func Reload(
	ctx context.Context, dir string, dry bool, l texts.Language,
) (out api.Reload, err error) {
	path := "/reload"
	if dry {
		path += "?dry_run=true"
	}
	resp, err := ask(ctx, dir, path, l)
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

// maxReload limits the response of a reload, which may hold all rules in full, before and after.
const maxReload = 64 << 20

// Backup asks the gateway that runs on dir for a backup and writes it to w.
// ErrNotRunning says that none does.
func Backup(ctx context.Context, dir string, w io.Writer) error {
	resp, err := ask(ctx, dir, "/backup", texts.English)
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
func ask(ctx context.Context, dir, path string, l texts.Language) (*http.Response, error) {
	return send(ctx, dir, path, nil, l)
}

// send is ask with a body.
func send(
	ctx context.Context, dir, path string, body io.Reader, l texts.Language,
) (*http.Response, error) {
	dial := func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = inFolder(dir, func(socket string) error {
			conn, err = (&net.Dialer{}).DialContext(ctx, "unix", socket)
			return err
		})
		return conn, err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext:       dial,
		DisableKeepAlives: true,
	}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://gateway"+path, body)
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(dir, tokenName))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // an older gateway has none
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("Accept-Language", string(l))
	resp, err := client.Do(r)
	var dialling *net.OpError
	if errors.As(err, &dialling) && dialling.Op == "dial" {
		return nil, ErrNotRunning
	}
	return resp, err
}
