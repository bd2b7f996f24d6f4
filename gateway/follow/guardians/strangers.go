package guardians

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// strangers raises the alert of each hand-over to somebody who is not listed.
func (f *Follower) strangers(ctx context.Context) error {
	for {
		all, err := f.o.View.Collect.Strangers(ctx, atOnce)
		if err != nil {
			return err
		}
		for _, x := range all {
			if err := f.o.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{strangerAlert(x)}}); err != nil {
				return err
			}
			if err := f.o.View.Collect.Settle(ctx, x.ID); err != nil {
				return err
			}
		}
		if len(all) < atOnce {
			return nil
		}
	}
}

// strangerAlert names nobody who came: who may see the pupil's page sees it.
func strangerAlert(x g.Collected) g.Alert {
	sum := sha256.Sum256([]byte("stranger " + string(x.ID)))
	a := g.Alert{
		ID:       g.AlertID("alt_" + hex.EncodeToString(sum[:12])),
		School:   x.School,
		Rule:     g.StrangerRule,
		Severity: g.Major,
		Audible:  true,
		State:    g.AlertOpen,
		Title:    "A stranger wanted to collect a pupil",
		TitleZH:  "陌生人欲接走学生",
		Text: "Somebody who is neither listed nor the pupil's guardian came to the gate. The pupil was not handed " +
			"over. Collecting shows who it was and what was done.",
		TextZH:    "来人不在接送名单中，也不是学生的监护人。学生未被接走。详情见“接送”。",
		Person:    x.Pupil,
		Count:     1,
		Opened:    x.At,
		LastFired: x.At,
	}
	if x.Given {
		a.Severity = g.Critical
		a.Title, a.TitleZH = "A stranger collects a pupil", "陌生人接走学生"
		a.Text = "A pupil was handed over to somebody who is neither listed nor the pupil's guardian. Collecting " +
			"shows who it was and what was said. Ask the guardians now."
		a.TextZH = "学生已交给不在接送名单中、也不是监护人的人。详情见“接送”。请立即联系监护人。"
	}
	return a
}
