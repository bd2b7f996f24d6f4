//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// guards are the people of the two levels, in order.
func guards() []g.UserID { return []g.UserID{"usr_guard1", "usr_guard2"} }

func addressOf(u g.UserID) string { return string(u) + "@school.example" }

// withGuards gives a school that was never started a mail server, two guards who have confirmed their
// addresses, and a chain that tells the second of them some minutes after the first.
func (s *school) withGuards(ctx context.Context, mail *sink, minutes int) (err error) {
	master, err := keys.Master(s.dir)
	if err != nil {
		return err
	}
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       s.dir,
		MasterKey: master,
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reg.Close()) }()
	v := reg.In(g.SystemScope("bench"))
	host, port, err := net.SplitHostPort(mail.addr)
	if err != nil {
		return err
	}
	if _, err := v.Messages.CreateChannel(ctx, messages.Channel{
		School: schoolID,
		Kind:   "smtp",
		Name:   "mail",
		Settings: map[string]string{
			"host":     host,
			"port":     port,
			"security": "none",
			"from":     "gate@school.example",
		},
	}, nil); err != nil {
		return err
	}
	queue := post.New(post.Options{
		Registry: reg,
		Kinds:    []post.Kind{smtp.Kind()},
		Private:  true,
		Now:      time.Now,
		Logger:   slog.New(slog.DiscardHandler),
	})
	run, stop := context.WithCancel(ctx)
	var gone sync.WaitGroup
	gone.Go(func() { _ = queue.Run(run) })
	defer gone.Wait()
	defer stop()
	for _, u := range guards() {
		if err := confirmed(ctx, reg, mail, u); err != nil {
			return err
		}
	}
	_, err = v.Oncall.PutChain(ctx, g.Escalation{
		School: schoolID,
		Name:   "All",
		Wait:   60,
		Steps: []g.EscalationStep{
			{Users: guards()[:1]},
			{After: minutes, Users: guards()[1:]},
		},
	})
	return err
}

var sixDigits = regexp.MustCompile(`\d{6}`)

// confirmed adds a guard who has confirmed a mail address by the code in the letter.
func confirmed(ctx context.Context, reg *registry.Registry, mail *sink, u g.UserID) error {
	if _, err := reg.In(g.SystemScope("bench")).Access.CreateUser(ctx, g.User{
		ID:       u,
		School:   schoolID,
		Name:     string(u),
		Role:     g.RoleSecurity,
		Language: "en",
	}, "a long walk home"); err != nil {
		return err
	}
	own := reg.In(g.Scope{
		School:      schoolID,
		Actor:       string(u) + " " + string(u),
		Permissions: g.RoleSecurity.Permissions(),
	}).Messages
	a, err := own.AddMine(ctx, messages.Email, addressOf(u))
	if err != nil {
		return err
	}
	if err := own.AskCode(ctx, a.ID); err != nil {
		return err
	}
	letters, err := mail.wait(ctx, addressOf(u), 1, time.Minute)
	if err != nil {
		return err
	}
	return own.Confirm(ctx, a.ID, sixDigits.FindString(letters[0].subject))
}

// wait is to, once there are so many.
func (s *sink) wait(ctx context.Context, address string, n int, patience time.Duration) ([]letter, error) {
	for deadline := time.Now().Add(patience); ; {
		letters := s.to(address)
		if len(letters) >= n {
			return letters, nil
		}
		if time.Now().After(deadline) {
			return letters, fmt.Errorf("%d of %d letters came to %s in %s", len(letters), n, address, patience)
		}
		select {
		case <-ctx.Done():
			return letters, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
