// Package anchor publishes at intervals how far the audit log has come. The log's hash chain shows
// that no entry inside it was changed, but not that its end was cut off: for that it takes anchors
// that are kept elsewhere, in the gateway's own log and where configured in a file or on a server.
// It refuses to judge: package registry compares its log with the anchors.
package anchor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Options say whose log is anchored, and where.
type Options struct {
	Registry *registry.Registry
	View     *registry.View // that may anchor
	Dir      string         // the data folder, which holds the last anchor
	Every    time.Duration
	File     string // appended to; "": none
	URL      string // posted to; "": none
	Now      func() time.Time
	Log      *slog.Logger
}

// Keeper anchors one gateway's audit log.
type Keeper struct {
	o Options

	mu      sync.Mutex
	last    registry.AuditAnchor
	trouble string // why the last one could not be written everywhere
}

// remembered is the file that holds the last anchor. Backups leave it out: a
// restored audit log ends earlier.
func remembered(dir string) string { return filepath.Join(dir, "audit.anchor") }

// Open makes a Keeper, and gives the registry the last anchor of an earlier run to
// verify its audit log against.
func Open(o Options) (*Keeper, error) {
	k := &Keeper{o: o}
	b, err := os.ReadFile(remembered(o.Dir))
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last anchor of the audit log: %w", err)
	}
	found, err := Read(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for _, x := range found {
		if err := o.Registry.HoldAudit(x); err != nil {
			o.Log.Error("the last anchor of the audit log is not this gateway's", "error", err)
			continue
		}
		k.last = x
	}
	return k, nil
}

// Run writes an anchor at once and then at each interval, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(k.o.Every)
	defer tick.Stop()
	for {
		if err := k.once(ctx); err != nil && ctx.Err() == nil {
			k.o.Log.Error("the audit log was not anchored; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (k *Keeper) once(ctx context.Context) error {
	x, err := k.o.View.AnchorAudit(ctx)
	if err == nil {
		err = k.keep(ctx, x)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trouble = ""
	if err != nil {
		k.trouble = err.Error()
		return err
	}
	k.last = x
	return nil
}

// keep writes an anchor to each place, also where another place fails.
func (k *Keeper) keep(ctx context.Context, x registry.AuditAnchor) error {
	word := Text(x)
	// Straight to the handler, so that anchors are logged at every log level.
	r := slog.NewRecord(k.o.Now(), slog.LevelInfo, "the audit log's end", 0)
	r.AddAttrs(slog.Uint64("entry", x.Seq), slog.String("anchor", word))
	errs := []error{k.o.Log.Handler().Handle(ctx, r)}
	errs = append(errs, remember(remembered(k.o.Dir), word))
	if k.o.File != "" {
		if err := appendTo(k.o.File, x.Time, word); err != nil {
			errs = append(errs, fmt.Errorf("audit.anchor_file: %w", err))
		}
	}
	if k.o.URL != "" {
		if err := post(ctx, k.o.URL, x, word); err != nil {
			errs = append(errs, fmt.Errorf("audit.anchor_url: %w", err))
		}
	}
	return errors.Join(errs...)
}

// remember replaces the gateway's own note of the last anchor. After a power cut the file holds the
// old anchor or the new one: an empty one would end the comparison without a word.
func remember(path, word string) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("remember the anchor: %w", err)
	}
	_, err = f.WriteString(word + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("remember the anchor: %w", err)
	}
	return os.Rename(path+".new", path)
}

// appendTo adds a line to a file that may be append-only (chattr +a, a mount elsewhere).
func appendTo(path string, at time.Time, word string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", at.Format(time.RFC3339), word)
	return errors.Join(err, f.Sync(), f.Close())
}

// post posts {"time", "entry", "anchor"}; any status 2xx counts as kept.
func post(ctx context.Context, url string, x registry.AuditAnchor, word string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"time":   x.Time,
		"entry":  x.Seq,
		"anchor": word,
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	return nil
}

// Check is the anchors' line of the status page.
func (k *Keeper) Check(_ context.Context, now time.Time, _ *api.Status) api.Check {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.last
	at := last.Time.Format(time.RFC3339)
	switch {
	case k.trouble != "":
		return line("warning",
			"The audit log's end could not be written down everywhere: "+k.trouble,
			"审计日志的末端未能写入全部位置："+k.trouble)
	case last.Time.IsZero():
		return line("ok", "The audit log is anchored in a moment.", "审计日志即将锚定。")
	case now.Sub(last.Time) > 2*k.o.Every+time.Minute:
		return line("warning",
			"The audit log was last anchored at "+at+", longer ago than it should.",
			"审计日志上次锚定于 "+at+"，间隔过长。")
	}
	return line("ok",
		fmt.Sprintf("The audit log was last anchored at %s, with entry %d.", at, last.Seq),
		fmt.Sprintf("审计日志上次锚定于 %s，第 %d 条。", at, last.Seq))
}

func line(state, en, zh string) api.Check {
	return api.Check{
		Name:      "audit",
		State:     state,
		Message:   en,
		MessageZH: zh,
	}
}
