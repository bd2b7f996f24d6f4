package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// handOver is how many observations are emitted at a time, so that a log of any length is read in
// constant memory.
const handOver = 256

// push is the body of one push while it is read.
type push struct {
	t       *terminal
	now     time.Time
	table   string
	distant bool // replayed entries from this address are not believed

	out   []gatehouse.Observation
	lines int
	bad   int
	first string // what is wrong with the first bad line
}

// take reads a body line by line, emits the observations and returns the number of lines once the
// gateway has stored them. A malformed line is stored as unreadable and never refused: the terminal
// would push it for ever. more is called every handOver lines, to extend the read deadline.
func (p *push) take(ctx context.Context, body io.Reader, more func()) (int, error) {
	r := bufio.NewReaderSize(body, gatehouse.MaxRaw)
	for {
		if p.lines%handOver == 0 {
			more()
		}
		line, whole, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("read the log: %w", err)
		}
		if strings.TrimSpace(line) != "" {
			p.lines++
			p.line(line, whole)
		}
		if len(p.out) >= handOver {
			if err := p.flush(ctx); err != nil {
				return 0, err
			}
		}
		if err != nil {
			return p.lines, p.flush(ctx)
		}
	}
}

// readLine returns the next line without its line end. Of a line longer than gatehouse.MaxRaw it
// returns the beginning and drops the rest; whole is false then.
func readLine(r *bufio.Reader) (line string, whole bool, err error) {
	part, err := r.ReadSlice('\n')
	line, whole = string(part), true
	for errors.Is(err, bufio.ErrBufferFull) {
		whole = false
		_, err = r.ReadSlice('\n')
	}
	return strings.TrimRight(line, "\r\n\x00"), whole, err
}

func (p *push) flush(ctx context.Context) error {
	if len(p.out) == 0 {
		return nil
	}
	err := p.t.emit(ctx, p.out...)
	p.out = p.out[:0:0]
	if err != nil {
		return fmt.Errorf("hand over the log: %w", err)
	}
	return nil
}

func (p *push) line(line string, whole bool) {
	if !whole {
		p.unreadable(line, fmt.Errorf("it is longer than %d bytes", gatehouse.MaxRaw))
		return
	}
	switch p.table {
	case "ATTLOG":
		e, err := parseLine(line, p.t.zone)
		if err != nil {
			p.unreadable(line, err)
			return
		}
		p.passage(line, e)
	case "RTLOG":
		p.event(line)
	case "RTSTATE":
		values, at, err := parseState(line, p.t.zone)
		if err != nil {
			p.unreadable(line, err)
			return
		}
		p.out = append(p.out,
			gatehouse.Observation{
				Time:    at,
				Reading: &gatehouse.Reading{Values: values},
			})
	}
}

func (p *push) event(line string) {
	e, event, passage, err := parseEvent(line, p.t.zone)
	switch {
	case err != nil:
		p.unreadable(line, err)
		return
	case passage:
		p.passage(line, e)
		return
	case e.user != "" && event < eventDoorFirst:
		p.keep(line, refusedEvent(event))
	}
	p.out = append(p.out, eventReading(e, event, p.now))
	p.happening(line, e, event)
}

// happening emits an event of the door or the terminal as an occurrence if the profile has it.
func (p *push) happening(line string, e entry, event int) {
	o, ok := happened(e, event, p.t.device.Profile)
	if !ok {
		return
	}
	if p.distant && e.old(p.now) {
		p.keep(line, "an event of the past"+disbelieved)
		return
	}
	p.out = append(p.out, gatehouse.Observation{
		Time:       e.at,
		Sequence:   e.eventSequence(event),
		Replayed:   e.old(p.now),
		Occurrence: &o,
	})
}

// disbelieved ends the reason under which a replayed entry is stored and not reported.
const disbelieved = ", from an address that is not the terminal's usual one: it is not believed. " +
	"Give the terminal its address (ip), a token or a certificate"

func (p *push) passage(line string, e entry) {
	if p.distant && e.old(p.now) {
		p.keep(line, "a passage of the past"+disbelieved)
		return
	}
	p.out = append(p.out, e.observation(p.t.way, p.t.device.Profile, p.now))
}

// unreadable stores a malformed line as such.
func (p *push) unreadable(line string, err error) {
	reason := fmt.Sprintf("line %d: %v", p.lines, err)
	if p.bad++; p.first == "" {
		p.first = reason
	}
	p.keep(line, reason)
}

func (p *push) keep(line, reason string) {
	p.out = append(p.out, kept(p.table, line, reason))
}

// kept returns an observation of raw data that the terminal was told has been taken but that says
// no more than that. It is marked as replayed, so that the rate limit does not apply.
func kept(what, raw, reason string) gatehouse.Observation {
	u := &gatehouse.Unreadable{
		Raw:    []byte(raw[:min(len(raw), gatehouse.MaxRaw)]),
		Reason: reason,
		What:   what,
	}
	return gatehouse.Observation{
		Replayed:   true,
		Unreadable: u,
	}
}

// log reads a body of lines and sets or clears the terminal's fault if that changes.
func (t *terminal) log(ctx context.Context, p *push, body io.Reader, more func()) (int, error) {
	n, err := p.take(ctx, body, more)
	if err != nil {
		return 0, err
	}
	var fault gatehouse.Reason
	if p.bad > 0 {
		fault = gatehouse.Because(gatehouse.ReasonLinesOdd, "bad", p.bad, "lines", p.lines,
			"detail", p.first)
	}
	t.mu.Lock()
	changed := t.untold || fault.String() != t.fault.String()
	t.fault, t.untold = fault, false
	t.mu.Unlock()
	if !changed {
		return n, nil
	}
	if err := t.report(ctx); err != nil {
		t.mu.Lock()
		t.untold = true // report again with the next log
		t.mu.Unlock()
		return 0, err
	}
	return n, nil
}
