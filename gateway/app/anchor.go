package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// The audit log proves by itself that nothing inside it was changed; that its end was not cut off
// proves what is kept elsewhere. So the gateway writes down now and then how far it came: into
// its own log, which the system keeps, and where set into a file or to a server elsewhere.

// AuditConfig says where, besides the log, and how often.
type AuditConfig struct {
	AnchorEvery time.Duration `yaml:"anchor_every"`
	AnchorFile  string        `yaml:"anchor_file"` // appended to
	AnchorURL   string        `yaml:"anchor_url"`  // posted to
}

func (c AuditConfig) validate() error {
	if c.AnchorEvery < time.Minute || c.AnchorEvery > 7*24*time.Hour {
		return g.FieldErrorf("audit.anchor_every", "%s is out of range; 1m to 168h", c.AnchorEvery)
	}
	if c.AnchorURL != "" {
		u, err := url.Parse(c.AnchorURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return g.FieldErrorf("audit.anchor_url",
				"is no address of a server; write e.g. https://log.example/gatehouse")
		}
	}
	return nil
}

// anchors is what is known of the anchors of this run.
type anchors struct {
	mu      sync.Mutex
	last    registry.AuditAnchor
	trouble string // why the last could not be kept somewhere
}

// AnchorText is an anchor as one word, which survives in any log.
func AnchorText(a registry.AuditAnchor) string {
	return fmt.Sprintf("gha1:%d:%s:%d:%s", a.Seq, a.Hash, a.Time.Unix(), a.MAC)
}

var anchorWord = regexp.MustCompile(`gha1:(\d{1,19}):([0-9a-f]{64}|):(\d{1,12}):([0-9a-f]{64})`)

// maxAnchors bounds what ReadAnchors takes: those of 100 years, hour by hour.
const maxAnchors = 1_000_000

// ReadAnchors finds the anchors in anything that holds them: the anchor file, a log, what
// journalctl prints. Lines without one are passed over.
func ReadAnchors(r io.Reader) ([]registry.AuditAnchor, error) {
	var out []registry.AuditAnchor
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadSlice('\n') // of a longer line, its pieces
		for _, m := range anchorWord.FindAllSubmatch(line, -1) {
			seq, seqErr := strconv.ParseUint(string(m[1]), 10, 63)
			at, atErr := strconv.ParseInt(string(m[3]), 10, 64)
			if seqErr != nil || atErr != nil {
				continue
			}
			a := registry.AuditAnchor{Time: time.Unix(at, 0).UTC(), MAC: string(m[4])}
			a.Seq, a.Hash = seq, string(m[2])
			if out = append(out, a); len(out) > maxAnchors {
				return nil, g.Errorf(g.TooLarge, "more than %d anchors", maxAnchors)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// anchorPath is where the gateway itself remembers the last anchor. It is no part of a backup:
// what is restored begins anew.
func anchorPath(dir string) string { return filepath.Join(dir, "audit.anchor") }

// holdAnchor has the registry hold its log against the last anchor of an earlier run.
func (a *App) holdAnchor() error {
	b, err := os.ReadFile(anchorPath(a.cfg.dataDir()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last anchor of the audit log: %w", err)
	}
	found, err := ReadAnchors(bytes.NewReader(b))
	if err != nil {
		return err
	}
	for _, x := range found {
		if err := a.reg.HoldAudit(x); err != nil {
			a.log.Error("the last anchor of the audit log is not this gateway's", "error", err)
			continue
		}
		a.anchors.last = x
	}
	return nil
}

// anchorAudit writes an anchor at once and then at each interval.
func (a *App) anchorAudit(ctx context.Context) error {
	for {
		if err := a.anchorOnce(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("the audit log was not anchored; it is tried again", "error", err)
		}
		if !follow.Rest(ctx, a.cfg.Audit.AnchorEvery) {
			return nil
		}
	}
}

func (a *App) anchorOnce(ctx context.Context) error {
	x, err := a.reg.In(g.SystemScope("anchor")).AnchorAudit(ctx)
	if err == nil {
		err = a.keepAnchor(ctx, x)
	}
	a.anchors.mu.Lock()
	defer a.anchors.mu.Unlock()
	a.anchors.trouble = ""
	if err != nil {
		a.anchors.trouble = err.Error()
		return err
	}
	a.anchors.last = x
	return nil
}

// keepAnchor writes an anchor to each place, also where another place fails.
func (a *App) keepAnchor(ctx context.Context, x registry.AuditAnchor) error {
	word := AnchorText(x)
	// Past the log's level: who logs errors only still has anchors.
	r := slog.NewRecord(a.now(), slog.LevelInfo, "the audit log's end", 0)
	r.AddAttrs(slog.Uint64("entry", x.Seq), slog.String("anchor", word))
	errs := []error{a.log.Handler().Handle(ctx, r)}
	errs = append(errs, rememberAnchor(anchorPath(a.cfg.dataDir()), word))
	if f := a.cfg.Audit.AnchorFile; f != "" {
		if err := appendAnchor(a.cfg.Path(f), x.Time, word); err != nil {
			errs = append(errs, fmt.Errorf("audit.anchor_file: %w", err))
		}
	}
	if a.cfg.Audit.AnchorURL != "" {
		if err := postAnchor(ctx, a.cfg.Audit.AnchorURL, x, word); err != nil {
			errs = append(errs, fmt.Errorf("audit.anchor_url: %w", err))
		}
	}
	return errors.Join(errs...)
}

// rememberAnchor replaces the gateway's own note of the last anchor.
func rememberAnchor(path, word string) error {
	if err := os.WriteFile(path+".new", []byte(word+"\n"), 0o600); err != nil {
		return fmt.Errorf("remember the anchor: %w", err)
	}
	return os.Rename(path+".new", path)
}

// appendAnchor adds a line to a file that may be append-only (chattr +a, a mount elsewhere).
func appendAnchor(path string, at time.Time, word string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", at.Format(time.RFC3339), word)
	return errors.Join(err, f.Sync(), f.Close())
}

// postAnchor posts {"time", "entry", "anchor"}; 2xx is taken for kept.
func postAnchor(ctx context.Context, url string, x registry.AuditAnchor, word string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	body, err := json.Marshal(map[string]any{"time": x.Time, "entry": x.Seq, "anchor": word})
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

// auditCheck is the anchors' line of the status page.
func (a *App) auditCheck(now time.Time) api.Check {
	a.anchors.mu.Lock()
	defer a.anchors.mu.Unlock()
	last := a.anchors.last
	at := last.Time.Format(time.RFC3339)
	switch {
	case a.anchors.trouble != "":
		return selfwatch.Line("audit", "warning",
			"The audit log's end could not be written down everywhere: "+a.anchors.trouble,
			"审计日志的末端未能写入全部位置："+a.anchors.trouble)
	case last.Time.IsZero():
		return selfwatch.Line("audit", "ok", "The audit log is anchored in a moment.", "审计日志即将锚定。")
	case now.Sub(last.Time) > 2*a.cfg.Audit.AnchorEvery+time.Minute:
		return selfwatch.Line("audit", "warning",
			"The audit log was last anchored at "+at+", longer ago than it should.",
			"审计日志上次锚定于 "+at+"，间隔过长。")
	}
	return selfwatch.Line("audit", "ok",
		fmt.Sprintf("The audit log was last anchored at %s, with entry %d.", at, last.Seq),
		fmt.Sprintf("审计日志上次锚定于 %s，第 %d 条。", at, last.Seq))
}
