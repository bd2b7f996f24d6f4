package post

import (
	"context"
	"net/http"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Bounds of reports. Where there is no room the other side is asked to report again.
const (
	reportRoom = 256             // lots of reports that channels handed over and nobody wrote yet
	earlyRoom  = 1024            // reports of letters that are not known yet; then the oldest goes
	earlyFor   = 2 * time.Minute // how long those are kept
)

// reported is a lot of reports by one channel, handed over at a time.
type reported struct {
	channel g.ChannelID
	all     []Report
}

// early is a report that came before it was written that its letter was taken.
type early struct {
	channel g.ChannelID
	at      time.Time
	report  Report
}

// ReportsOf says whether the other side of a kind of channel posts reports.
func (q *Queue) ReportsOf(kind string) bool { return q.kinds[kind].Reports != nil }

// Posted takes a report that was posted to the address with the token, and returns what is answered.
// What it does not know is kept for two minutes, since a report may come before its letter is written
// as sent; after that it is forgotten.
func (q *Queue) Posted(
	ctx context.Context, token string, header http.Header, body []byte,
) (string, error) {
	c, err := q.view.Messages.ReportingChannel(ctx, token)
	if err != nil {
		return "", err
	}
	k := q.kinds[c.Kind]
	if k.Reports == nil {
		return "", g.Errorf(g.NotFound, "a channel of the kind %s takes no reports", c.Kind)
	}
	all, err := k.Reports(Settings{
		Values:  c.Settings,
		Secrets: c.Secret,
	}, Posted{
		Header: header,
		Body:   body,
		Now:    q.now(),
	})
	if err != nil {
		return "", err
	}
	return k.Taken, q.take(ctx, c.ID, all)
}

// reporter is what a channel hands its reports to.
func (q *Queue) reporter(id g.ChannelID) func([]Report) bool {
	return func(all []Report) bool {
		select {
		case q.reports <- reported{id, all}:
			return true
		default:
			return false
		}
	}
}

// take writes reports, and keeps those of letters that are not known yet.
func (q *Queue) take(ctx context.Context, id g.ChannelID, all []Report) error {
	for some := range slices.Chunk(all, messages.MaxReports) {
		unknown, err := q.view.Messages.Report(ctx, id, some)
		if err != nil {
			return err
		}
		q.mu.Lock()
		for _, x := range unknown {
			q.early = append(q.early, early{id, q.now(), x})
		}
		if over := len(q.early) - earlyRoom; over > 0 {
			q.early = slices.Delete(q.early, 0, over)
		}
		q.mu.Unlock()
	}
	return nil
}

// takeReports follows up on reports until ctx ends: those of channels as they come, early ones every second.
func (q *Queue) takeReports(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-q.reports:
			for q.take(ctx, r.channel, r.all) != nil && ctx.Err() == nil {
				q.pause(ctx)
			}
		case <-ticker.C:
			err := q.takeEarly(ctx)
			if err == nil {
				_, err = q.line(ctx, "") // channels that listen for reports are open though nothing is sent
			}
			if err != nil {
				q.rest(ctx, err)
			}
		}
	}
}

// takeEarly tries the early reports again, and forgets those that are too old.
func (q *Queue) takeEarly(ctx context.Context) error {
	q.mu.Lock()
	all, left := q.early, map[g.ChannelID][]early{}
	q.early = nil
	q.mu.Unlock()
	for _, x := range all {
		left[x.channel] = append(left[x.channel], x)
	}
	for id, some := range left {
		reports := make([]Report, len(some))
		for i := range some {
			reports[i] = some[i].report
		}
		unknown, err := q.view.Messages.Report(ctx, id, reports[:min(len(reports), messages.MaxReports)])
		if err != nil {
			unknown = reports
		}
		q.mu.Lock()
		for _, x := range some {
			if slices.Contains(unknown, x.report) && q.now().Sub(x.at) < earlyFor {
				q.early = append(q.early, x)
			}
		}
		q.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// pause waits a moment after the registry failed.
func (q *Queue) pause(ctx context.Context) {
	timer := time.NewTimer(failedFor)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
