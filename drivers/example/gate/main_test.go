package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// reader is the turnstile's reader. It can be switched off, and on again at the same address.
type reader struct {
	addr string
	said chan string // lines from the driver

	mu   sync.Mutex
	lis  net.Listener
	conn net.Conn
	done sync.WaitGroup
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{addr: "127.0.0.1:0", said: make(chan string, 100)}
	if err := r.on(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.off() })
	return r
}

func (r *reader) on() error {
	lis, err := net.Listen("tcp", r.addr)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lis, r.addr = lis, lis.Addr().String()
	r.done.Go(func() {
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conn = c
			r.mu.Unlock()
			fmt.Fprintln(c, "passed card 04A1B2C3 in")
			r.done.Go(func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					r.said <- lines.Text()
				}
			})
		}
	})
	return nil
}

func (r *reader) off() error {
	r.mu.Lock()
	r.lis.Close()
	if r.conn != nil {
		r.conn.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
	return nil
}

// show presents a card and reports whether the turnstile is told to open.
func (r *reader) show(ctx context.Context, card string) (bool, error) {
	r.mu.Lock()
	c := r.conn
	r.mu.Unlock()
	if c == nil {
		return false, errors.New("the driver is not there")
	}
	if _, err := fmt.Fprintf(c, "ask card %s in\n", card); err != nil {
		return false, err
	}
	select {
	case said := <-r.said:
		return said == "open", nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// TestConformance has the gateway allow one card, refuse another and not answer a third: without an
// answer the turnstile stays shut or opens, as its profile says.
func TestConformance(t *testing.T) {
	for _, rule := range []gatehouse.NoAnswer{gatehouse.NoAnswerDeny, gatehouse.NoAnswerAllow} {
		t.Run(string(rule), func(t *testing.T) {
			r := newReader(t)
			p := profile
			p.NoAnswer = rule
			p.Events = map[string]gatehouse.Affordance{"unanswered": {}}
			drivertest.Run(t, drivertest.Fixture{
				Driver: driver{},
				Device: drivers.Device{Profile: p, Address: map[string]string{"host": r.addr}},
				Vanish: r.off,
				Return: r.on,
				Show:   r.show,
			})
		})
	}
}
