package escalate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// ranOut tells the head of alerts that nobody answered: by one alert of a school for all of them,
// which ends once each is answered. Its messages go out for the first, and then as the number
// grows, so that a storm that nobody answers is no storm of messages.
func (e *Escalator) ranOut(
	ctx context.Context, left []told, now time.Time,
) ([]oncall.Move, error) {
	school := left[0].row.School
	before, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallUnanswered,
		school,
		time.Time{},
		most,
	)
	if err != nil {
		return nil, err
	}
	head, opened := headOf(left[0].call), now
	if len(before) > 0 {
		head = before[0].Head
	}
	if old, err := e.View.Alerts.Find(ctx, head); err == nil {
		opened = old.Opened
	} else if g.ErrorCode(err) != g.NotFound {
		return nil, err
	}
	count := len(before) + len(left)
	all, err := e.allUnanswered(ctx, before, left)
	if err != nil {
		return nil, err
	}
	a := unanswered(all[0], head, count, opened, now)
	if last := left[len(left)-1].row.Opened; count > 1 && all[0].Opened.Before(last) {
		a.Title = fmt.Sprintf("Nobody answered %d alerts, the most urgent: %s", count, all[0].Title)
		a.TitleZH = fmt.Sprintf("%d 条告警无人处理，最紧急的是：%s", count, title(all[0].TitleZH, all[0].Title))
	}
	if err := e.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}}); err != nil {
		return nil, err
	}
	staff, err := e.tellHead(
		ctx,
		a,
		all,
		len(before),
		count,
	)
	if err != nil {
		return nil, err
	}
	var moves []oncall.Move
	for _, x := range left {
		next := x.call
		next.State, next.Due, next.Head = oncall.CallUnanswered, time.Time{}, head
		entry := oncall.CallEntry{
			At:    now.UTC(),
			Due:   x.call.Due,
			Chain: x.call.Chain,
			Step:  x.call.Step,
			Round: x.call.Round,
			What:  oncall.CallRanOut,
		}
		done := []oncall.CallEntry{}
		for _, u := range staff {
			entry.User = u
			done = append(done, entry)
		}
		if len(staff) == 0 {
			done = append(done, entry)
		}
		moves = append(moves, oncall.Move{
			Was:  x.call,
			Now:  next,
			Done: done,
		})
	}
	return moves, nil
}

// mostLooked is how many alerts of earlier steps are looked at for what is most urgent.
const mostLooked = 100

// allUnanswered are the alerts that nobody answered, the most urgent first: those that ran out now,
// and the newest of those that did before.
func (e *Escalator) allUnanswered(
	ctx context.Context, before []oncall.Call, left []told,
) ([]alerts.AlertRow, error) {
	all := rows(left)
	for _, c := range before[max(0, len(before)-mostLooked):] {
		a, err := e.View.Alerts.Find(ctx, c.Alert)
		if g.ErrorCode(err) == g.NotFound || err == nil && !waits(a.Alert) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, alerts.MoreUrgent)
	return all, nil
}

// headOf is the id of the alert that tells the head, by the first alert that was not answered.
func headOf(c oncall.Call) g.AlertID {
	sum := sha256.Sum256(fmt.Appendf(nil, "unanswered %s %d %d", c.Alert, c.Retold, c.Round))
	return g.AlertID("alt_" + hex.EncodeToString(sum[:8]))
}

// unanswered is the alert that tells the head.
func unanswered(row alerts.AlertRow, id g.AlertID, n int, opened, now time.Time) g.Alert {
	a := g.Alert{
		ID:        id,
		School:    row.School,
		Rule:      g.UnansweredRule,
		Severity:  row.Severity,
		State:     g.AlertOpen,
		Title:     "Nobody answered: " + row.Title,
		TitleZH:   "无人处理：" + title(row.TitleZH, row.Title),
		Text:      "Everybody whom the chain names was called, and nobody has the alert in hand.",
		TextZH:    "值班链上的每个人都已通知，但无人接手这条告警。",
		Zone:      row.Zone,
		Firing:    true,
		Audible:   true,
		Count:     n,
		Opened:    opened.UTC(),
		LastFired: now.UTC(),
	}
	if n > 1 {
		a.Title = fmt.Sprintf("Nobody answered %d alerts, the last: %s", n, row.Title)
		a.TitleZH = fmt.Sprintf("%d 条告警无人处理，最近一条：%s", n, title(row.TitleZH, row.Title))
	}
	return a
}

func title(zh, en string) string {
	if zh == "" {
		return en
	}
	return zh
}

// tellHead sends the head's message where the number of alerts passes one of a row of numbers.
func (e *Escalator) tellHead(
	ctx context.Context, a g.Alert, all []alerts.AlertRow, before, count int,
) ([]g.UserID, error) {
	row := all[0]
	passed := 0
	for _, n := range []int{1, 3, 10, 30, 100, 300, 1000, 3000, 10_000} {
		if before < n && n <= count {
			passed = n
		}
	}
	if passed == 0 {
		return nil, nil
	}
	members, err := e.View.Oncall.Staff(ctx, a.School)
	if err != nil {
		return nil, err
	}
	heads := heads(members)
	if len(heads) == 0 {
		e.Log.ErrorContext(ctx, "nobody answered an alert, and the school has no administrator who "+
			"could be told", "school", a.School, "alert", row.ID)
		return nil, nil
	}
	row.Alert = a
	n := e.notice(messageOf("head", string(a.ID), passed), row, 0, heads)
	n.Unanswered = true
	n.Others, n.OthersZH = others(all)
	if _, err := e.Tell(ctx, n); err != nil {
		return nil, fmt.Errorf("tell the head of alert %s: %w", a.ID, err)
	}
	return heads, nil
}

// heads are the school's administrators or, where it has none, those of the district above.
func heads(staff []oncall.Member) []g.UserID {
	for _, role := range []g.Role{g.RoleAdmin, g.RoleDistrict} {
		var out []g.UserID
		for _, m := range staff {
			if m.Able && m.Role == role {
				out = append(out, m.ID)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// answered ends the head's alert once none of its alerts is without an answer.
func (e *Escalator) answered(ctx context.Context, school g.SchoolID, head g.AlertID) error {
	if head == "" {
		return nil
	}
	left, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallUnanswered,
		school,
		time.Time{},
		most,
	)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(left, func(x oncall.Call) bool { return x.Head == head }) {
		return nil
	}
	a, err := e.View.Alerts.Find(ctx, head)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil || !a.Firing {
		return err
	}
	a.Firing, a.State, a.Resolved = false, g.AlertResolved, e.Now().UTC()
	return e.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a.Alert}})
}

// leftOver ends the head's alerts that are over: the gateway may have stopped just before.
func (e *Escalator) leftOver(ctx context.Context) error {
	all, _, err := e.View.Alerts.List(ctx, alerts.Filter{
		Rule:   g.UnansweredRule,
		States: []g.AlertState{g.AlertOpen, g.AlertAcknowledged},
	})
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := e.answered(ctx, a.School, a.ID); err != nil {
			return err
		}
	}
	return nil
}
