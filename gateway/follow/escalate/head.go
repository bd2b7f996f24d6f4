package escalate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// apart is how long after a letter the head gets the next one of no greater severity: what runs out
// in between waits for it, so that a storm that nobody answers is no storm of messages.
const apart = time.Minute

// ranOut tells the head of alerts that nobody is left to call for: by an alert that ends once each
// of them is answered, and by a letter each time. They join the head's alert that is open; what the
// head has acknowledged already was of others, so a new one is raised beside it.
func (e *Escalator) ranOut(ctx context.Context, left []told, now time.Time) error {
	slices.SortStableFunc(left, func(a, b told) int { return graver(a.row, b.row) })
	lead := left[0]
	before, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallUnanswered,
		lead.row.School,
		time.Time{},
		most,
	)
	if err != nil {
		return err
	}
	told, open, err := e.toldBefore(ctx, before)
	if err != nil {
		return err
	}
	wait := told.LastFired.Add(apart)
	if now.Before(wait) && !now.Before(told.LastFired) &&
		told.Severity.AtLeast(lead.row.Severity) {
		return e.View.Oncall.Advance(ctx, postponed(left, wait))
	}
	head := headOf(lead.call)
	all := rows(left)
	count := len(left)
	if open.ID != "" {
		head = open.ID
		joined := of(before, head)
		count += len(joined)
		more, err := e.rowsOfCalls(ctx, joined)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	slices.SortStableFunc(all, graver)
	a := unanswered(all, head, count)
	a.School, a.Opened, a.LastFired = lead.row.School, now.UTC(), now.UTC()
	if err := e.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}}); err != nil {
		return err
	}
	c := lead.call
	letter := messageOf("head", string(head), string(c.Alert), c.Retold, c.Round)
	staff, err := e.tellHead(ctx, letter, a, all)
	if err != nil {
		return err
	}
	return e.View.Oncall.Advance(ctx, ranOutMoves(left, head, letter, staff, now))
}

// toldBefore is the alert by which the head was told last, of those of some calls, and the one that
// is open; each is empty where there is none.
func (e *Escalator) toldBefore(
	ctx context.Context, before []oncall.Call,
) (last, open g.Alert, err error) {
	seen := map[g.AlertID]bool{}
	for _, c := range before {
		if seen[c.Head] {
			continue
		}
		seen[c.Head] = true
		a, err := e.View.Alerts.Find(ctx, c.Head)
		if g.ErrorCode(err) == g.NotFound {
			continue
		}
		if err != nil {
			return last, open, err
		}
		if last.ID == "" || a.LastFired.After(last.LastFired) {
			last = a.Alert
		}
		if waits(a.Alert) {
			open = a.Alert
		}
	}
	return last, open, nil
}

// of are the calls of one of the head's alerts.
func of(all []oncall.Call, head g.AlertID) (out []oncall.Call) {
	for _, c := range all {
		if c.Head == head {
			out = append(out, c)
		}
	}
	return out
}

// mostNamed is of how many alerts the most urgent is looked for; their number is right beyond it.
const mostNamed = 2000

// rowsOfCalls reads the alerts of calls that still wait.
func (e *Escalator) rowsOfCalls(
	ctx context.Context, calls []oncall.Call,
) (rows []alerts.AlertRow, err error) {
	for _, c := range calls[:min(len(calls), mostNamed)] {
		a, err := e.View.Alerts.Find(ctx, c.Alert)
		if g.ErrorCode(err) == g.NotFound || err == nil && !waits(a.Alert) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, a)
	}
	return rows, nil
}

// postponed are calls that wait for the head's next letter.
func postponed(left []told, until time.Time) (moves []oncall.Move) {
	for _, x := range left {
		next := x.call
		next.Due = until
		moves = append(moves, oncall.Move{
			Was: x.call,
			Now: next,
		})
	}
	return moves
}

// ranOutMoves note that the head was told.
func ranOutMoves(
	left []told, head g.AlertID, letter string, staff []g.UserID, now time.Time,
) (moves []oncall.Move) {
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
			entry.User, entry.Message = u, letter
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
	return moves
}

// headOf is the id of the alert that tells the head, by the first alert that was not answered.
func headOf(c oncall.Call) g.AlertID {
	sum := sha256.Sum256(fmt.Appendf(nil, "unanswered %s %d %d", c.Alert, c.Retold, c.Round))
	return g.AlertID("alt_" + hex.EncodeToString(sum[:8]))
}

// unanswered is the alert that tells the head of n alerts, named by the first of them.
func unanswered(all []alerts.AlertRow, id g.AlertID, n int) g.Alert {
	lead := all[0].Alert
	en, zh := lead.Title, title(lead.TitleZH, lead.Title)
	a := g.Alert{
		ID:       id,
		School:   lead.School,
		Rule:     g.UnansweredRule,
		Severity: lead.Severity,
		State:    g.AlertOpen,
		Title:    "Nobody answered: " + en,
		TitleZH:  "无人处理：" + zh,
		Text:     "Nobody has the alert in hand, and nobody is left to call.",
		TextZH:   "无人接手这条告警，也没有其他人可以通知。",
		Zone:     lead.Zone,
		Firing:   true,
		Audible:  true,
		Count:    n,
	}
	if n > 1 {
		a.Title = fmt.Sprintf("Nobody answered %d alerts, the most urgent: %s", n, en)
		a.TitleZH = fmt.Sprintf("%d 条告警无人处理，最紧急的是：%s", n, zh)
	}
	return a
}

func title(zh, en string) string {
	if zh == "" {
		return en
	}
	return zh
}

// tellHead sends the head a letter that names alerts, the most urgent first. Its link takes them, not
// the alert by which the head is told.
func (e *Escalator) tellHead(
	ctx context.Context, letter string, a g.Alert, all []alerts.AlertRow,
) ([]g.UserID, error) {
	members, err := e.View.Oncall.Staff(ctx, a.School)
	if err != nil {
		return nil, err
	}
	heads := heads(members)
	if len(heads) == 0 {
		e.Log.ErrorContext(ctx, "nobody answered an alert, and the school has no administrator who "+
			"could be told", "school", a.School, "alert", all[0].ID)
		return nil, nil
	}
	n := e.notice(letter, all[0], 0, heads)
	n.Alert, n.Unanswered = a, true
	n.Others, n.OthersZH = others(all)
	if n.Who, n.Missed, err = e.toldSoFar(ctx, all[0].ID); err != nil {
		return nil, err
	}
	if _, err := e.Tell(ctx, n); err != nil {
		return nil, fmt.Errorf("tell the head of alert %s: %w", a.ID, err)
	}
	return heads, nil
}

// mostNames is how many of those who were told a letter names.
const mostNames = 10

// toldSoFar names those who were told of an alert, and those whom no message of it reached.
func (e *Escalator) toldSoFar(ctx context.Context, id g.AlertID) (told, missed string, err error) {
	_, log, err := e.View.Oncall.CallOf(ctx, id)
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return "", "", err
	}
	var reached, lost []string
	for _, x := range log {
		switch {
		case x.Name == "":
		case x.What == oncall.CallNoWay, x.What == oncall.CallTold && x.State == messages.Failed:
			lost = append(lost, x.Name)
		case x.What == oncall.CallTold:
			reached = append(reached, x.Name)
		}
	}
	lost = slices.DeleteFunc(lost, func(name string) bool { return slices.Contains(reached, name) })
	return names(reached), names(lost), nil
}

// names joins names, each once.
func names(all []string) string {
	var out []string
	for _, name := range all {
		if slices.Contains(out, name) {
			continue
		}
		if len(out) == mostNames {
			return strings.Join(append(out, "…"), ", ")
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
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

// answered ends the head's alert once none of its alerts is without an answer; until then it says
// how many are left.
func (e *Escalator) answered(ctx context.Context, school g.SchoolID, head g.AlertID) error {
	if head == "" {
		return nil
	}
	all, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallUnanswered,
		school,
		time.Time{},
		most,
	)
	if err != nil {
		return err
	}
	row, err := e.View.Alerts.Find(ctx, head)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil || !row.Firing {
		return err
	}
	a := row.Alert
	left := of(all, head)
	rows, err := e.rowsOfCalls(ctx, left)
	switch {
	case err != nil:
		return err
	case len(left) == 0:
		a.Firing, a.State, a.Resolved = false, g.AlertResolved, e.Now().UTC()
	case len(rows) == 0:
		return nil // answered, though their events have not come yet
	default:
		slices.SortStableFunc(rows, graver)
		now := unanswered(rows, head, len(left))
		a.Title, a.TitleZH, a.Zone, a.Severity = now.Title, now.TitleZH, now.Zone, now.Severity
	}
	return e.View.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{a}})
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
