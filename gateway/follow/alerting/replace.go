package alerting

import "context"

// exchange is other rules that are to come into force.
type exchange struct {
	files Files
	note  func(context.Context) error
	done  chan error // capacity 1
}

// Replace has other rules come into force between two events, once note has worked; where it does
// not, the old ones go on. A rule that means what it meant keeps its alerts and timers; an alert of
// one that is gone or changed ends. Replace waits until Run has taken them, which is at most half a
// second where nothing is held up, or until ctx ends before that: then nothing has changed.
func (x *Reader) Replace(ctx context.Context, f Files, note func(context.Context) error) error {
	e := exchange{files: f, note: note, done: make(chan error, 1)}
	select {
	case x.next <- e:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-e.done
}

// replace takes over what waits.
func (x *Reader) replace(ctx context.Context) {
	select {
	case e := <-x.next:
		err := e.note(ctx)
		if err == nil {
			x.engine.SetRules(e.files.Rules, e.files.Procedures)
		}
		e.done <- err
	default:
	}
}
