// Gate is a complete driver for a turnstile whose reader asks before it opens. The driver connects
// to the reader over TCP; the reader sends lines and is told whether to open:
//
//	reader: ask card 04A1B2C3 in        driver: open        or        driver: stop nobody
//	reader: passed card 04A1B2C3 in
//
// The gateway decides within 100 ms. If it does not, the turnstile follows the no_answer rule of
// its profile: this one stays shut. Copy the file and change what concerns the reader.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

func main() { drivers.Serve(driver{}) }

type driver struct{}

// The profile lists how the reader identifies people and what it does without an answer. With
// no_answer allow it would also need the event unanswered, which reports such a pass.
var profile = gatehouse.Profile{
	ID:        "example-gate",
	Title:     "Turnstile that asks",
	TitleZH:   "在线核验闸机",
	Type:      gatehouse.TypeTerminal,
	Vendor:    "Example",
	Sightings: []gatehouse.Method{gatehouse.ByCard, gatehouse.ByQR, gatehouse.ByPIN},
	NoAnswer:  gatehouse.NoAnswerDeny,
}

// Describe implements drivers.Driver.
func (driver) Describe() drivers.Description {
	return drivers.Description{
		Name:    "example-gate",
		Title:   "Example turnstile",
		TitleZH: "示例闸机",
		Version: "1.0.0",
		Address: []drivers.Field{
			{
				Key:      "host",
				Title:    "Reader",
				TitleZH:  "读卡器",
				Help:     "host:port",
				Kind:     drivers.FieldHost,
				Required: true,
			},
		},
		Profiles: []gatehouse.Profile{profile},
	}
}

// Connect implements drivers.Driver: it serves the reader until ctx ends or the reader disconnects.
func (driver) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	address := d.Address["host"]
	reader, err := d.Reach.Dialer(5*time.Second).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connect to the reader at %s: %w", address, err)
	}
	work, end := context.WithCancel(ctx)
	defer end()
	context.AfterFunc(work, func() { reader.Close() })
	out := make(chan gatehouse.Observation, kept)
	emitted := make(chan error, 1)
	go func() {
		emitted <- emitAll(work, out, emit)
		end()
	}()
	// The driver reports the reader online itself: an idle reader sends nothing.
	out <- gatehouse.Observation{Status: &gatehouse.Status{State: gatehouse.StateOnline}}
	lines := bufio.NewScanner(reader) // at most 64 KiB a line
	for lines.Scan() {
		if err = hear(
			work,
			d,
			reader,
			lines.Text(),
			out,
		); err != nil {
			break
		}
	}
	close(out)
	if e := <-emitted; e != nil {
		err = e
	}
	if ctx.Err() != nil {
		return nil
	}
	if err == nil {
		err = gatehouse.Because(gatehouse.ReasonHungUp, "address", address, "protocol",
			"the reader's lines").Err(gatehouse.Unavailable)
	}
	return err
}

// kept is how many passages are buffered for the gateway, so that questions need not wait for it;
// with a full buffer the reader waits.
const kept = 1024

// emitAll emits the observations one by one until out is closed.
func emitAll(ctx context.Context, out <-chan gatehouse.Observation, emit drivers.Emit) error {
	for o := range out {
		if err := emit(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// hear handles one line of the reader.
func hear(
	ctx context.Context, d drivers.Device, reader net.Conn, line string, out chan<- gatehouse.Observation,
) error {
	words := strings.Fields(line)
	if len(words) != 4 || words[0] != "ask" && words[0] != "passed" {
		return put(ctx, out, gatehouse.Observation{Unreadable: &gatehouse.Unreadable{
			Raw:    []byte(line),
			Reason: "a line is no question and no passage",
		}})
	}
	method, credential := gatehouse.Method(words[1]), words[2]
	direction := gatehouse.Direction(words[3])
	if words[0] == "passed" {
		return put(ctx, out, gatehouse.Observation{Time: time.Now(), Sighting: &gatehouse.Sighting{
			Method:     method,
			Direction:  direction,
			Credential: credential,
		}})
	}
	answer, err := d.Ask(ctx, gatehouse.Ask{
		Method:     method,
		Credential: credential,
		Direction:  direction,
	})
	said := "stop " + string(answer.Reason.Code)
	switch {
	case err != nil: // not a valid question
		said = "stop"
	case answer.Allow:
		said = "open"
	}
	if _, err := fmt.Fprintln(reader, said); err != nil {
		return fmt.Errorf("answer the reader: %w", err)
	}
	return nil
}

func put(ctx context.Context, out chan<- gatehouse.Observation, o gatehouse.Observation) error {
	select {
	case out <- o:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
