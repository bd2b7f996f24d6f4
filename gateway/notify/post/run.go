package post

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Run sends until ctx ends, and returns when every worker has.
func (q *Queue) Run(ctx context.Context) error {
	defer q.unsub()
	var wg sync.WaitGroup
	wg.Go(func() { q.work(ctx, true) })
	wg.Go(func() { q.work(ctx, false) })
	wg.Go(func() { q.trim(ctx) })
	wg.Go(func() { q.takeReports(ctx) })
	wg.Wait()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lines {
		l.close()
	}
	return nil
}

// lanes are those of one set of workers.
func lanes(alarms bool) []messages.Lane {
	if alarms {
		return []messages.Lane{messages.Alarm}
	}
	return []messages.Lane{messages.Notice, messages.Bulk}
}

// work begins steps and hands out turns to channels, for alarms or for the rest.
func (q *Queue) work(ctx context.Context, alarms bool) {
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan messages.DueAt, mostTurns)
	busy := map[messages.DueAt]bool{}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for ctx.Err() == nil {
		more := q.begin(ctx, alarms)
		due, err := q.view.Messages.Due(ctx, q.now())
		if err != nil && ctx.Err() == nil {
			q.log.WarnContext(ctx, "the queue of messages cannot be read", "error", err)
		}
		for _, d := range due {
			if (d.Lane == messages.Alarm) != alarms || busy[d] || len(busy) >= mostTurns {
				continue
			}
			busy[d] = true
			wg.Go(func() {
				q.serve(ctx, d)
				done <- d // never blocks: at most as many as are busy
			})
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case d := <-done:
			delete(busy, d)
		case <-q.kicks[alarms]:
		case <-ticker.C:
		}
		for {
			select {
			case d := <-done:
				delete(busy, d)
				continue
			default:
			}
			break
		}
	}
}

// begin begins the steps that are due; more says that there were as many as are begun at once.
func (q *Queue) begin(ctx context.Context, alarms bool) (more bool) {
	for _, lane := range lanes(alarms) {
		n, err := q.view.Messages.Advance(ctx, lane, stepLimit)
		if err != nil && ctx.Err() == nil {
			q.log.WarnContext(
				ctx,
				"the next steps of messages cannot be begun",
				"lane",
				lane,
				"error",
				err,
			)
			return false
		}
		more = more || n == stepLimit
	}
	return more
}

// trim deletes what was kept long enough, some at a time.
func (q *Queue) trim(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if q.o.Keep > 0 {
			_, err := q.view.Messages.Trim(ctx, q.now().Add(-q.o.Keep), 20)
			if err != nil && ctx.Err() == nil {
				q.log.WarnContext(ctx, "old messages cannot be removed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
