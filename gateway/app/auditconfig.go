package app

import (
	"net/url"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/anchor"
)

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

// openAnchor has the audit log held against the last anchor of an earlier run.
func (a *App) openAnchor() (err error) {
	c := a.cfg.Audit
	a.anchor, err = anchor.Open(anchor.Options{
		Registry: a.reg,
		View:     a.reg.In(g.SystemScope("anchor")),
		Dir:      a.cfg.dataDir(),
		Every:    c.AnchorEvery,
		File:     a.cfg.Path(c.AnchorFile),
		URL:      c.AnchorURL,
		Now:      a.now,
		Log:      a.log,
	})
	return err
}
