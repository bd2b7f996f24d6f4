package alerting

import "context"

// exchange is a new set of rules on its way into force.
type exchange struct {
	files Files
	note  func(context.Context) error
	done  chan error // capacity 1
}

// Replace puts new rules into force between two events, once note has succeeded; if note fails, the
// old rules stay. A rule whose meaning is unchanged keeps its alerts and timers; alerts of removed
// or changed rules end. Replace blocks until Run has switched, normally at most half a second, or
// until ctx ends while Run has not taken them yet: then nothing has changed.
func (x *Reader) Replace(ctx context.Context, f Files, note func(context.Context) error) error {
	e := exchange{
		files: f,
		note:  note,
		done:  make(chan error, 1),
	}
	select {
	case x.next <- e:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-e.done
}

// catchUp brings the engine to the present before it is given new rules, so that what they change
// bears the time of the change, and not of the last event. It waits while a backlog is read.
func (x *Reader) catchUp() {
	if x.current {
		x.early = append(x.early, x.engine.Tick(x.opt.Now())...)
	}
}

// replace switches to new rules if any wait.
func (x *Reader) replace(ctx context.Context) {
	select {
	case e := <-x.next:
		err := e.note(ctx)
		if err == nil {
			x.catchUp()
			x.engine.SetCalendars(e.files.Calendars)
			x.engine.SetRules(e.files.Rules, e.files.Procedures)
		}
		e.done <- err
	default:
	}
}
