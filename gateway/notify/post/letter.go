package post

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// digestLines is how many messages a digest names; how many more there are is said.
const digestLines = 50

// letter renders what a channel sends.
func (q *Queue) letter(ctx context.Context, l messages.Letter) (Letter, error) {
	t, err := q.template(ctx, l)
	if err != nil {
		return Letter{}, err
	}
	if l.Kind == "digest" {
		if err := q.fillDigest(ctx, l); err != nil {
			return Letter{}, err
		}
	}
	x := Letter{
		ID:       fmt.Sprintf("%s-%d", l.Message, l.Sending),
		To:       l.To,
		Language: t.Language,
		Link:     l.Params["link"],
		Stop:     q.links(l),
		Urgent:   l.Lane == messages.Alarm && l.Kind != "test",
		Now:      q.now(),
		Made:     l.Created,
	}
	switch {
	case l.Params["take"] != "":
		x.Link = l.Params["take"]
	case l.Kind == "broadcast":
		x.Link = l.Params["read"]
	}
	x.Subject, x.Text = t.Render(l.Params)
	return x, nil
}

// links sets the links of the gateway's own among a letter's parameters, and returns that by which the
// reader ends such messages.
func (q *Queue) links(l messages.Letter) (stop string) {
	if q.o.BaseURL == "" {
		return ""
	}
	if l.Params["read"] == "" {
		l.Params["read"] = q.o.BaseURL + "/m/" + l.Read
	}
	if l.Stop == "" {
		return ""
	}
	l.Params["stop"] = q.o.BaseURL + "/m/out/" + l.Stop
	return l.Params["stop"]
}

// fillDigest puts what a digest tells into its parameters: a line for each message and its link.
func (q *Queue) fillDigest(ctx context.Context, l messages.Letter) error {
	some, total, err := q.view.Messages.Digest(ctx, l.Message, digestLines)
	if err != nil {
		return err
	}
	var lines []string
	for _, one := range some {
		one.Language = l.Language
		t, err := q.template(ctx, one)
		if err != nil {
			return err
		}
		q.links(one)
		subject, _ := t.Render(one.Params)
		lines = append(lines, "- "+subject)
		for _, name := range []string{"take", "link", "read"} {
			if at := one.Params[name]; at != "" {
				lines = append(lines, "  "+at)
				break
			}
		}
	}
	l.Params["count"], l.Params["items"] = strconv.Itoa(total), strings.Join(lines, "\n")
	if rest := total - len(some); rest > 0 {
		l.Params["rest"] = strconv.Itoa(rest)
	}
	return nil
}
