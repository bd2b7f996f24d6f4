package alerts

import (
	"context"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// AnyVersion stands for whichever version an alert has.
const AnyVersion = -1

// answer changes an alert for an operator: in scope, at the version that the operator saw, with the
// outbox row, the history and the audit entry in the same transaction.
func (v View) answer(
	ctx context.Context, id g.AlertID, version int, by g.User, deed string,
	change func(l *life) error,
) (g.Alert, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Alert{}, err
	}
	var a g.Alert
	err = v.s.Write(ctx, func(t *store.Tx) error {
		u, err := v.acting(ctx, t, in, id, by)
		if err != nil {
			return err
		}
		l, err := v.answerIn(
			ctx,
			t,
			in,
			id,
			version,
			u,
			change,
		)
		if err != nil {
			return err
		}
		a = l.Alert
		return v.s.Audit(
			ctx,
			t,
			a.School,
			deed,
			string(id),
		)
	})
	if err != nil {
		return g.Alert{}, err
	}
	return a, nil
}

// acting is who acts; an alert out of reach is not found before anything else is said.
func (v View) acting(
	ctx context.Context, t *store.Tx, in store.Reach, id g.AlertID, by g.User,
) (g.User, error) {
	a, _, err := v.r.alert(ctx, t, id)
	if err != nil {
		return g.User{}, err
	}
	if err := v.within(in, a); err != nil {
		return g.User{}, err
	}
	return access.Acting(ctx, v.access, t, by)
}

// answerIn is one change within a transaction, without its audit entry.
func (v View) answerIn(
	ctx context.Context, t *store.Tx, in store.Reach, id g.AlertID, version int, u g.User,
	change func(l *life) error,
) (*life, error) {
	a, seq, err := v.r.alert(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if err := v.within(in, a); err != nil {
		return nil, err
	}
	if version != AnyVersion && a.Version != version {
		return nil, g.Errorf(g.Conflict,
			"the alert has changed meanwhile: it is %s now, at version %d; look at it again",
			a.State, a.Version).At("version")
	}
	if a, err = v.asOfNow(ctx, t, seq, a); err != nil {
		return nil, err
	}
	l := &life{
		Alert: a,
		who:   u,
		now:   store.Moment(store.Micros(t.Now)),
	}
	if err := change(l); err != nil {
		return nil, err
	}
	if err := v.r.saveLife(ctx, t, seq, l); err != nil {
		return nil, err
	}
	l.Version++
	return l, nil
}

// asOfNow brings an alert to what it is now: a deed comes after what a window did before it, also
// where the registry has not looked since.
func (v View) asOfNow(ctx context.Context, t *store.Tx, seq uint64, a g.Alert) (g.Alert, error) {
	now := store.Moment(store.Micros(t.Now))
	all, err := v.coversOf(ctx, t, a, now)
	if err != nil {
		return a, err
	}
	return v.catchUp(ctx, t, seq, a, all, now)
}

// Acknowledge records who handles an open alert, for as long as its severity says.
func (v View) Acknowledge(
	ctx context.Context, id g.AlertID, version int, by g.User,
) (g.Alert, error) {
	return v.AcknowledgeFor(ctx, id, version, by, 0)
}

// AcknowledgeFor records who handles an alert for a time, at most [g.MaxAck]; 0: as long as its
// severity says. If it is still on the wall then, it is told again. Who has it in hand already may
// extend the time.
func (v View) AcknowledgeFor(
	ctx context.Context, id g.AlertID, version int, by g.User, long time.Duration,
) (g.Alert, error) {
	if err := ackTime(long); err != nil {
		return g.Alert{}, err
	}
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.acknowledge",
		acknowledge(long, false),
	)
}

// AcknowledgeByLink is Acknowledge by the link of a message, which the history says.
func (v View) AcknowledgeByLink(
	ctx context.Context, id g.AlertID, version int, by g.User,
) (g.Alert, error) {
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.acknowledge",
		acknowledge(0, true),
	)
}

func ackTime(long time.Duration) error {
	if long < 0 || long > g.MaxAck {
		return g.FieldErrorf("minutes", "an acknowledgement lasts between 1 and %d minutes",
			int(g.MaxAck/time.Minute))
	}
	return nil
}

func acknowledge(long time.Duration, byLink bool) func(*life) error {
	return func(l *life) error {
		extends := l.State == g.AlertAcknowledged && long > 0 && l.Handler == l.who.ID &&
			l.HandlerName == l.who.FullName
		if l.State != g.AlertOpen && !extends {
			return g.Errorf(g.Conflict, "the alert is %s: only an open one is acknowledged",
				l.State)
		}
		lasts := long
		if lasts == 0 {
			lasts = l.Severity.AckFor()
		}
		l.Handler, l.HandlerName = l.who.ID, l.who.FullName
		l.Acknowledged, l.AckUntil = l.now, l.now.Add(lasts)
		l.restate()
		l.note(Entry{
			What:   WasAcknowledged,
			Until:  l.AckUntil,
			ByLink: byLink,
		})
		l.settle()
		return nil
	}
}

// Unacknowledge takes an acknowledgement back: the alert is told again at once.
func (v View) Unacknowledge(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, false); err != nil {
		return g.Alert{}, err
	}
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.unacknowledge",
		unacknowledge(comment),
	)
}

func unacknowledge(comment string) func(*life) error {
	return func(l *life) error {
		if l.State != g.AlertAcknowledged {
			return g.Errorf(g.Conflict,
				"the alert is %s: only an acknowledged one can be given back", l.State)
		}
		l.retell(g.Withdrawn, l.now)
		l.note(Entry{
			What:    WasWithdrawn,
			Comment: comment,
		})
		return nil
	}
}

// Comment adds a comment to an alert's history.
func (v View) Comment(
	ctx context.Context, id g.AlertID, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, true); err != nil {
		return g.Alert{}, err
	}
	return v.answer(ctx, id, AnyVersion, by, "alert.comment", func(l *life) error {
		l.note(Entry{
			What:    WasCommented,
			Comment: comment,
		})
		return nil
	})
}

// Resolve ends an open or acknowledged alert with a comment on what it was, or says it of one that
// was over by itself. If the condition still holds that is an error: use Silence if the cause is
// known.
func (v View) Resolve(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, true); err != nil {
		return g.Alert{}, err
	}
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.resolve",
		resolve(comment, false),
	)
}

// Silence resolves an alert although its condition may still hold: it stays silent until the
// condition has ended. If the condition holds again after that, it is told again.
func (v View) Silence(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, true); err != nil {
		return g.Alert{}, err
	}
	return v.answer(
		ctx,
		id,
		version,
		by,
		"alert.silence",
		resolve(comment, true),
	)
}

func resolve(comment string, although bool) func(*life) error {
	return func(l *life) error {
		byItself := l.State == g.AlertResolved && l.Resolver == "" && l.ResolverName == ""
		if !l.Unresolved() && !byItself {
			return g.Errorf(g.Conflict, "the alert is %s already", l.State)
		}
		if l.Firing && strings.HasPrefix(string(l.Rule), g.LockdownRule) {
			return g.Errorf(g.Conflict, "the level stands: its alert ends with the all-clear, which a "+
				"second person gives").Because("level_stands")
		}
		if l.Firing && !although {
			return g.Errorf(g.Conflict, "what the alert reports still holds: acknowledge it, or "+
				"silence it until it ends").Because("still_holds")
		}
		if l.Handler == "" && l.HandlerName == "" {
			l.Handler, l.HandlerName = l.who.ID, l.who.FullName
		}
		l.Resolver, l.ResolverName = l.who.ID, l.who.FullName
		l.Resolved, l.AckUntil = l.now, time.Time{}
		l.Comment = comment
		l.restate()
		what := WasResolved
		if l.Firing {
			what = WasSilenced
		}
		l.note(Entry{
			What:    what,
			Comment: comment,
		})
		return nil
	}
}

// Close closes a resolved alert. A comment is appended to that of the resolution.
func (v View) Close(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, false); err != nil {
		return g.Alert{}, err
	}
	return v.answer(ctx, id, version, by, "alert.close", func(l *life) error {
		if l.State != g.AlertResolved {
			return g.Errorf(g.Conflict, "the alert is %s: only a resolved one is closed", l.State)
		}
		l.Closer, l.CloserName, l.Closed = l.who.ID, l.who.FullName, l.now
		l.Comment = joined(l.Comment, comment)
		l.restate()
		l.note(Entry{
			What:    WasClosed,
			Comment: comment,
		})
		return nil
	})
}

// joined appends a comment to an existing one.
func joined(old, comment string) string {
	if old == "" || comment == "" {
		return old + comment
	}
	return old + "\n" + comment
}
