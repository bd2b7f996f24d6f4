package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// lock is driver and equipment in one: a door that asks, can be forced, and has a light. flaw names
// the mistake that it makes.
type lock struct {
	flaw   string
	shown  chan shown
	forced chan struct{}
}

// shown is a credential at the reader; opened receives whether the door opened.
type shown struct {
	credential string
	opened     chan bool
}

func newLock(flaw string) *lock {
	return &lock{flaw: flaw, shown: make(chan shown), forced: make(chan struct{})}
}

var lockProfile = gatehouse.Profile{
	ID:         "lock",
	Title:      "Lock",
	Type:       gatehouse.TypeTerminal,
	Sightings:  []gatehouse.Method{gatehouse.ByCard},
	Properties: map[string]gatehouse.Property{"light": {Type: "boolean", Writable: true}},
	NoAnswer:   gatehouse.NoAnswerAllow,
	Events: map[string]gatehouse.Affordance{
		"door":       {Data: map[string]gatehouse.Property{"what": {Type: "string"}}},
		"unanswered": {},
	},
}

func (*lock) Describe() drivers.Description {
	return drivers.Description{
		Name:     "lock",
		Title:    "Lock",
		Version:  "1",
		Profiles: []gatehouse.Profile{lockProfile},
	}
}

func (l *lock) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	dark := map[string]gatehouse.Value{"light": gatehouse.BoolValue(false)}
	err := emit(ctx, gatehouse.Observation{Reading: &gatehouse.Reading{Values: dark}})
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case s := <-l.shown:
			s.opened <- l.opens(ctx, d, s.credential)
		case <-l.forced:
			what := "forced"
			if l.flaw == "unknown data" {
				what = ""
			}
			err = emit(ctx, forced(what))
		}
	}
	return err
}

func forced(what string) gatehouse.Observation {
	data := map[string]gatehouse.Value{"what": gatehouse.StringValue(what)}
	if what == "" {
		data = map[string]gatehouse.Value{"who": gatehouse.StringValue("nobody")}
	}
	return gatehouse.Observation{Occurrence: &gatehouse.Occurrence{Kind: "door", Data: data}}
}

func (l *lock) opens(ctx context.Context, d drivers.Device, credential string) bool {
	if l.flaw == "hasty" {
		return true
	}
	a, err := d.Ask(ctx, gatehouse.Ask{Method: gatehouse.ByCard, Credential: credential})
	switch l.flaw {
	case "obliging": // ignores the gateway's answer
		return true
	case "shut": // ignores the profile's rule
		return a.Allow && a.Person != ""
	}
	return err == nil && a.Allow
}

func (l *lock) Command(_ context.Context, c drivers.Command) (drivers.Result, error) {
	_, ok := c.Values["light"]
	switch {
	case l.flaw == "taciturn":
		return drivers.Result{Message: "done"}, nil
	case !ok && l.flaw != "boastful":
		return drivers.Result{}, gatehouse.FieldErrorf("light", "there is nothing else to set")
	}
	var r drivers.Result
	for property := range c.Values {
		r.Writes = append(r.Writes, drivers.Write{Property: property, Outcome: drivers.WriteDone})
	}
	return r, nil
}

func (l *lock) fixture() drivertest.Fixture {
	return drivertest.Fixture{
		Driver: l,
		Device: drivers.Device{Profile: lockProfile},
		Happen: func() error {
			if l.flaw == "oblivious" {
				return nil
			}
			l.forced <- struct{}{}
			return nil
		},
		Show: func(ctx context.Context, credential string) (bool, error) {
			s := shown{credential, make(chan bool, 1)}
			select {
			case l.shown <- s:
			case <-ctx.Done():
				return false, errors.New("the reader does not look")
			}
			return <-s.opened, nil
		},
		Write: map[string]gatehouse.Value{"light": gatehouse.BoolValue(true)},
	}
}

func TestGoodLock(t *testing.T) {
	for _, r := range drivertest.Check(t.Context(), newLock("").fixture()) {
		switch r.Check {
		case "reports what happens", "asks who may pass", "writes":
			if r.Skipped != "" {
				t.Errorf("%s: skipped: %s", r.Check, r.Skipped)
			}
		}
		if r.Err != nil {
			t.Errorf("%s: %v", r.Check, r.Err)
		}
	}
}

// Each flaw is found by the check for it, with a message that says what it is.
func TestFlawsOfDeedsAreFound(t *testing.T) {
	for _, c := range []struct{ flaw, check, want string }{
		{"oblivious", "reports what happens", "for an occurrence of the device"},
		{"unknown data", "reports what happens", `has no data "who"`},
		{"hasty", "asks who may pass", "the gateway was not asked"},
		{"obliging", "asks who may pass", "refuses: for 1s it passed is true, want false"},
		{"shut", "asks who may pass", "silent: for 1s it passed is false, want true"},
		{"taciturn", "writes", `does not say what came of "light"`},
		{"boastful", "writes", "a property that the device does not have succeeds"},
	} {
		t.Run(c.flaw, func(t *testing.T) {
			t.Parallel() // some run into a timeout
			f := newLock(c.flaw).fixture()
			f.Patience = 10 * time.Second
			if strings.Contains(c.want, "for 1s") || c.flaw == "oblivious" {
				f.Patience = time.Second
			}
			var found []string
			for _, r := range drivertest.Check(t.Context(), f) {
				if r.Err == nil {
					continue
				}
				found = append(found, fmt.Sprintf("%s: %v", r.Check, r.Err))
				if r.Check == c.check && strings.Contains(r.Err.Error(), c.want) {
					return
				}
			}
			t.Errorf("got %q, want %s: …%s…", found, c.check, c.want)
		})
	}
}
