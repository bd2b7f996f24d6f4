package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// maxCommands bounds the commands kept for one terminal. Finished ones are kept as well, so that a
// repeated command id does not act twice.
const maxCommands = 100

// commands holds the commands of one terminal and their results.
type commands struct {
	mu   sync.Mutex
	next int // number of the next one on the terminal's side
	all  []*command
}

type command struct {
	id     string
	number int
	text   string
	sent   bool
	gone   bool // withdrawn: its caller gave up before the terminal fetched it
	done   chan struct{}
	code   int // the terminal's return code; 0 is success
}

// add queues a command, or returns the earlier one with the same id.
func (c *commands) add(id, text string) (*command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if id != "" && x.id == id && !x.gone {
			return x, nil
		}
	}
	if len(c.all) >= maxCommands {
		i := 0
		for i < len(c.all) && !c.all[i].over() {
			i++
		}
		if i == len(c.all) {
			return nil, gatehouse.Errorf(gatehouse.Unavailable,
				"%d commands wait for the terminal already; check that it calls", maxCommands)
		}
		c.all = append(c.all[:i:i], c.all[i+1:]...)
	}
	c.next++
	x := &command{
		id:     id,
		number: c.next,
		text:   text,
		done:   make(chan struct{}),
	}
	c.all = append(c.all, x)
	return x, nil
}

// over reports whether the command is finished or withdrawn.
func (x *command) over() bool {
	select {
	case <-x.done:
		return true
	default:
		return x.gone
	}
}

// fetch returns the waiting commands as lines "C:number:command", at most 20. A command that was
// fetched and never confirmed is not sent again.
func (c *commands) fetch() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	n := 0
	for _, x := range c.all {
		if x.sent || x.gone || n == 20 {
			continue
		}
		x.sent = true
		n++
		fmt.Fprintf(&b, "C:%d:%s\n", x.number, x.text)
	}
	return b.String()
}

// confirm reads the terminal's results: lines "ID=…&Return=…&CMD=…", or the same with one key a
// line.
func (c *commands) confirm(body string) {
	number := -1
	for line := range strings.Lines(body) {
		q, err := url.ParseQuery(strings.TrimSpace(line))
		if err != nil {
			continue
		}
		if n, err := strconv.Atoi(q.Get("ID")); err == nil {
			number = n
		}
		if code, err := strconv.Atoi(q.Get("Return")); err == nil && number >= 0 {
			c.finish(number, code)
			number = -1
		}
	}
}

func (c *commands) finish(number, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.all {
		if x.number == number && x.sent && !x.over() {
			x.code = code
			close(x.done)
		}
	}
}

// wait waits for a command's result. If ctx ends before the terminal has fetched the command, the
// command is withdrawn.
func (c *commands) wait(ctx context.Context, x *command) (drivers.Result, error) {
	select {
	case <-x.done:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if !x.over() && !x.sent {
			x.gone = true
			return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
				"the terminal did not call in time; the command is withdrawn")
		}
		if !x.over() {
			return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
				"the terminal has fetched the command and not said what came of it")
		}
	}
	if x.code != 0 {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.Invalid,
			"the terminal refuses: %s (%d)", meaning(x.code), x.code)
	}
	return drivers.Result{Message: "the terminal has done it"}, nil
}

func meaning(code int) string {
	switch code {
	case -1:
		return "it does not know the command, or has no data for it"
	case -2:
		return "a file could not be read or written"
	case -1002:
		return "it does not understand the command's form"
	case -1004:
		return "this model does not have that function"
	}
	return "for a reason of its own"
}

// compose builds the terminal's command for an action of the profile. It refuses tabs and line ends
// in the input, which would start another command.
func compose(action string, v map[string]gatehouse.Value) (string, error) {
	text := func(key string, required bool) (string, error) {
		s := ""
		if f, ok := v[key].Float(); ok { // a number typed without quotes; never as 1.2e+07
			s = strconv.FormatFloat(f, 'f', -1, 64)
		} else if v[key].Kind() == gatehouse.String {
			s = strings.TrimSpace(v[key].String())
		}
		if s == "" && required {
			return "", gatehouse.FieldErrorf(key, "is needed for %s", action)
		}
		if len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool {
			return r < ' ' || r == 0x7f
		}) {
			return "", gatehouse.FieldErrorf(key,
				"is longer than 64 bytes or holds a control character")
		}
		return s, nil
	}
	switch action {
	case "check":
		return "CHECK", nil
	case "info":
		return "INFO", nil
	case "reboot":
		return "REBOOT", nil
	case "unlock":
		return "AC_UNLOCK", nil
	case "user_set", "user_delete":
		user, err := text("user", true)
		if err != nil {
			return "", err
		}
		if !validUser(user) {
			return "", gatehouse.FieldErrorf("user", "%q is no user number", user)
		}
		if action == "user_delete" {
			return "DATA DELETE USERINFO PIN=" + user, nil
		}
		name, err := text("name", false)
		if err != nil {
			return "", err
		}
		card, err := text("card", false)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("DATA UPDATE USERINFO PIN=%s\tName=%s\tPrivilege=0\tCard=%s", user,
			name, card), nil
	}
	return "", gatehouse.Errorf(gatehouse.Invalid,
		"%q is no action of a terminal; there are check, info, reboot, unlock, user_set and "+
			"user_delete",
		action)
}
