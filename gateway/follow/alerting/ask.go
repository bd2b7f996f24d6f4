package alerting

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/rules"
)

// ask is a question to the engine.
type ask struct {
	question func(*rules.Engine)
	done     chan struct{}
}

// Ask calls question with the engine between two events; it must change nothing. Ask blocks until
// then, normally at most half a second, or until ctx ends while Run has not come to it.
func (x *Reader) Ask(ctx context.Context, question func(*rules.Engine)) error {
	a := ask{question, make(chan struct{})}
	select {
	case x.asks <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-a.done
	return nil
}

// answer answers a question if one waits.
func (x *Reader) answer() {
	select {
	case a := <-x.asks:
		a.question(x.engine)
		close(a.done)
	default:
	}
}
