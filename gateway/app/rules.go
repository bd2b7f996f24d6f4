package app

import (
	"context"
	"fmt"
	"sync/atomic"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/alerts"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
)

// openRules reads every rule and procedure; an invalid one keeps the gateway from starting. Changes
// since the last start are recorded in the audit log; if that fails, so does the start.
func openRules(
	ctx context.Context, in given, s *stores, x *ingest, r *readers,
) (*alerting.Reader, alerting.Files, error) {
	dir, own := in.cfg.RulesPath()
	if own {
		if err := alerting.Seed(dir, deploy.Files()); err != nil {
			return nil, alerting.Files{}, fmt.Errorf("rules: %w", err)
		}
	}
	files, err := alerting.Load(dir)
	if err != nil {
		return nil, files, err
	}
	texts, err := files.Texts()
	if err != nil {
		return nil, files, fmt.Errorf("rules: %w", err)
	}
	view := s.reg.In(g.SystemScope("rules"))
	profiles, err := view.Fleet.Profiles(ctx)
	if err != nil {
		return nil, files, fmt.Errorf("rules: %w", err)
	}
	for _, d := range files.Doubts(profiles) {
		in.log.Warn("a rule can find nothing until a profile knows what it is about", "at", d.Field,
			"doubt", d.Message)
	}
	if err := view.Alerts.NoteRules(ctx, texts); err != nil {
		return nil, files, fmt.Errorf("rules: %w", err)
	}
	return alerting.New(alerting.Options{
		Feed:      r.feed,
		View:      view,
		Directory: x.directory,
		Files:     files,
		Strangers: &x.intake.Strangers,
		Pictures:  s.media,
		Allowed:   x.schools.Allowed,
		Now:       in.now,
		Logger:    in.log,
	}), files, nil
}

// ruleInfos are the rules in force, for the API.
func ruleInfos(inForce *atomic.Pointer[alerting.Files]) func() []alerts.RuleInfo {
	return func() []alerts.RuleInfo {
		files := inForce.Load()
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
}
