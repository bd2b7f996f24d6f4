package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/alerts"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// rulesDir is where the rules lie; the default one is filled at the first start.
func (a *App) rulesDir() string {
	if a.cfg.Rules.Dir != "" {
		return a.cfg.Path(a.cfg.Rules.Dir)
	}
	return filepath.Join(a.cfg.dataDir(), "rules")
}

// openRules reads every rule and procedure; one that is wrong keeps the gateway from starting. The
// audit log says what changed of them since the last start: rules that cannot be noted do not
// come into force.
func (a *App) openRules(ctx context.Context) error {
	dir := a.rulesDir()
	if a.cfg.Rules.Dir == "" {
		if err := alerting.Seed(dir, deploy.Files()); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	files, err := alerting.Load(dir)
	if err != nil {
		return err
	}
	texts, err := files.Texts()
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	view := a.reg.In(g.SystemScope("rules"))
	if err := view.Alerts.NoteRules(ctx, texts); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	a.rules.Store(&files)
	a.alerting = alerting.New(alerting.Options{
		Feed:      a.feed,
		View:      view,
		Directory: a.directory,
		Files:     files,
		Command:   a.enqueue,
		Strangers: &a.intake.Strangers,
		Pictures:  a.media,
		Allowed:   a.pictures.allowed,
		Now:       a.now,
		Logger:    a.log,
	})
	return nil
}

// ruleInfos are the rules in force.
func (a *App) ruleInfos() []alerts.RuleInfo {
	files := a.rules.Load()
	out := make([]alerts.RuleInfo, len(files.Rules))
	for i, r := range files.Rules {
		out[i] = alerts.RuleInfo{
			ID:       r.ID,
			Title:    r.Title,
			TitleZH:  r.TitleZH,
			Severity: r.Severity,
			YAML:     r.YAML,
		}
	}
	return out
}

// enqueue has a rule's command carried out, or answers false where too many wait.
func (a *App) enqueue(c rules.CommandEffect, at time.Time) bool {
	select {
	case a.commands <- command{c, at}:
		return true
	default:
		return false
	}
}
