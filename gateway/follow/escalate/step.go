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
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// turn is a step of a chain in a round of one school.
type turn struct {
	school      g.SchoolID
	chain       g.EscalationID
	step, round int
	alert       g.AlertID // "" in a bundle
}

// bundle are calls that are due for the same step. Many at a time are told by one message, so that
// a storm of alerts is no storm of messages.
type bundle struct {
	turn
	calls []oncall.Call
}

func (b bundle) key() turn { return b.turn }

// alone is how many alerts of one step are told by a message each.
const alone = 3

// bundles groups calls by their step, in the order of the first of each.
func bundles(due []oncall.Call) (out []bundle) {
	at := map[turn]int{}
	var groups []bundle
	for _, c := range due {
		k := turn{
			school: c.School,
			chain:  c.Chain,
			step:   c.Step,
			round:  c.Round,
		}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, bundle{turn: k})
		}
		groups[i].calls = append(groups[i].calls, c)
	}
	for _, b := range groups {
		if len(b.calls) > alone {
			out = append(out, b)
			continue
		}
		for _, c := range b.calls {
			k := b.turn
			k.alert = c.Alert
			out = append(out, bundle{k, []oncall.Call{c}})
		}
	}
	return out
}

// waiting are the alerts of a bundle that still wait, with their calls, the most urgent first; the
// others' calls are ended by ended.
func (e *Escalator) waiting(
	ctx context.Context, b bundle,
) (left []told, ended []oncall.Move, err error) {
	var over []g.AlertID
	for _, c := range b.calls {
		a, err := e.View.Alerts.Find(ctx, c.Alert)
		switch {
		case err != nil && g.ErrorCode(err) != g.NotFound:
			return nil, nil, err
		case err != nil || !waits(a.Alert):
			over = append(over, c.Alert)
			now := c
			now.State, now.Due = oncall.CallAnswered, time.Time{}
			ended = append(ended, oncall.Move{
				Was: c,
				Now: now,
			})
		default:
			left = append(left, told{c, a})
		}
	}
	if len(over) > 0 {
		if err := e.stop(ctx, b.school, over); err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(left, func(a, b told) int { return alerts.MoreUrgent(a.row, b.row) })
	return left, ended, nil
}

// told is a call with its alert.
type told struct {
	call oncall.Call
	row  alerts.AlertRow
}

func rows(all []told) (out []alerts.AlertRow) {
	for _, x := range all {
		out = append(out, x.row)
	}
	return out
}

// step carries out what is due of a bundle, and notes it. It returns the calls for which nobody is
// left: of them the head is told.
func (e *Escalator) step(ctx context.Context, b bundle, now time.Time) (out []told, err error) {
	left, moves, err := e.waiting(ctx, b)
	if err != nil {
		return nil, err
	}
	if len(left) == 0 {
		return nil, e.View.Oncall.Advance(ctx, moves)
	}
	chain, err := e.View.Oncall.Chain(ctx, b.chain)
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return nil, err
	}
	var done []oncall.Move
	switch {
	case err != nil || chain.Disabled:
		done, out, err = e.rechosen(ctx, left)
	case rota.Call{Step: b.step}.Over(chain):
		out, err = left, nil
	default:
		done, err = e.call(ctx, b, chain, left, now)
	}
	if err != nil {
		return nil, err
	}
	return out, e.View.Oncall.Advance(ctx, append(moves, done...))
}

// rechosen gives calls whose chain is gone to the chain that fits now, from its first step. Where
// none does, nobody is left.
func (e *Escalator) rechosen(
	ctx context.Context, left []told,
) (moves []oncall.Move, out []told, err error) {
	known := chains{view: e.View}
	for _, x := range left {
		chain, ok, err := known.choose(ctx, x.row.Alert)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			out = append(out, x)
			continue
		}
		now := x.call
		now.Chain = chain.ID
		now.Step, now.Round, now.Told = 0, 0, false
		moves = append(moves, oncall.Move{
			Was: x.call,
			Now: now,
		})
	}
	return moves, out, nil
}

// call tells whom the step names of the alerts, and says what became of it.
func (e *Escalator) call(
	ctx context.Context, b bundle, chain g.Escalation, left []told, now time.Time,
) ([]oncall.Move, error) {
	whom, err := e.resolve(ctx, b.school, chain.Steps[b.step], now)
	if err != nil {
		return nil, err
	}
	lead := left[0]
	id := message(lead.call)
	if len(whom.people)+len(whom.channels) > 0 {
		n := e.notice(id, lead.row, len(left)-1, whom.people)
		n.Channels, n.Tries = whom.channels, chain.Steps[b.step].Tries
		n.Others, n.OthersZH = others(rows(left))
		lost, err := e.Tell(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("tell of alert %s: %w", lead.row.ID, err)
		}
		whom.lose(lost)
	}
	var moves []oncall.Move
	for _, x := range left {
		c := rota.Call{
			Step:  x.call.Step,
			Round: x.call.Round,
			Due:   x.call.Due,
			Told:  x.call.Told,
		}.Next(chain, len(whom.people)+len(whom.channels) > 0)
		next := x.call
		next.Step, next.Round, next.Due, next.Told = c.Step, c.Round, c.Due, c.Told
		moves = append(moves, oncall.Move{
			Was:  x.call,
			Now:  next,
			Done: whom.entries(x.call, id, now),
		})
	}
	return moves, nil
}

// notice is what is said of an alert that stands for more.
func (e *Escalator) notice(
	id string, row alerts.AlertRow, more int, people []g.UserID,
) Notice {
	n := Notice{
		ID:     id,
		Alert:  row.Alert,
		Place:  row.ZoneName,
		Device: row.DeviceName,
		More:   more,
	}
	until := e.Now().Add(linkFor)
	for _, u := range people {
		n.To = append(n.To, To{
			User: u,
			Link: e.Link(row.ID, u, until),
		})
	}
	return n
}

// message is the ID of the message of an alert's step: the same after a restart.
func message(c oncall.Call) string {
	return messageOf("step", string(c.Alert), c.Retold, c.Round, c.Step, string(c.Chain))
}

func messageOf(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
	return "msg_" + hex.EncodeToString(sum[:12])
}
