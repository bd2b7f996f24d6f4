package app

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/alerts"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/command"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	regalerts "github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// openRules reads every rule and procedure; an invalid one keeps the gateway from starting. Changes
// since the last start are recorded in the audit log; if that fails, so does the start.
func openRules(
	ctx context.Context, in given, s *stores, x *ingest, r *readers, c *command.Commands,
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
		Command:   c.Enqueue,
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

// ruleChanges lists the rules and procedures that differ, by id, with their full texts.
func ruleChanges(old, now alerting.Files) ([]api.ReloadChange, error) {
	before, err := old.Texts()
	if err != nil {
		return nil, err
	}
	after, err := now.Texts()
	if err != nil {
		return nil, err
	}
	same := func(a regalerts.RuleText) func(regalerts.RuleText) bool {
		return func(b regalerts.RuleText) bool { return a.Kind == b.Kind && a.ID == b.ID }
	}
	var out []api.ReloadChange
	for _, a := range before {
		i := slices.IndexFunc(after, same(a))
		switch {
		case i < 0:
			out = append(out, api.ReloadChange{Key: a.Kind + "s." + a.ID, From: a.Body})
		case after[i].Body != a.Body:
			out = append(out,
				api.ReloadChange{Key: a.Kind + "s." + a.ID, From: a.Body, To: after[i].Body})
		}
	}
	for _, b := range after {
		if !slices.ContainsFunc(before, same(b)) {
			out = append(out, api.ReloadChange{Key: b.Kind + "s." + b.ID, To: b.Body})
		}
	}
	return out, nil
}
