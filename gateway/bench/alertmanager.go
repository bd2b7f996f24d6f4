//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

const (
	single    = 5                // alerts one after the other
	stormOf   = 200              // alerts of one rule, at once
	stormTold = 90 * time.Second // by then all of them are in letters
	amTo      = "guard@alertmanager.example"
)

// gathering measures, beside Alertmanager and to the same mail server, how soon the letter about an
// alert is there, and with how many letters a storm of one rule is told. Alertmanager is given the
// shortest wait that its documentation allows, and groups by rule.
func gathering(ctx context.Context, o options) ([]measure.Line, error) {
	storm := stormOf
	if o.sample {
		storm = 20
	}
	dir, err := os.MkdirTemp(o.dir, "gathering")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	mail, err := newSink()
	if err != nil {
		return nil, err
	}
	defer mail.close()
	s, err := prepare(ctx, dir, storm+single)
	if err == nil {
		err = s.withGuards(ctx, mail, 60)
	}
	if err != nil {
		return nil, err
	}
	gw, err := start(ctx, o, s)
	if err != nil {
		return nil, err
	}
	ours, err := oursGathers(ctx, gw, s, mail, storm)
	if err = errors.Join(err, gw.Stop()); err != nil {
		return nil, err
	}
	var theirs gathered
	if !o.sample {
		if theirs, err = theirsGathers(ctx, dir, mail, storm); err != nil {
			return nil, err
		}
	}
	return gatheringLines(o, storm, ours, theirs), nil
}

func gatheringLines(o options, storm int, ours, theirs gathered) []measure.Line {
	first := measure.Line{
		Name:   "first-letter",
		Unit:   "ms p50",
		Ours:   measure.Milliseconds(ours.first),
		Theirs: measure.Milliseconds(theirs.first),
		Beside: "Alertmanager",
		Bar:    "<1000 ms",
		Held:   ours.first < time.Second || o.sample,
		Note:   "from a reading, or a request, to the mail server; load " + measure.LoadAverage(),
	}
	many := measure.Line{
		Name:   "letters-of-a-storm",
		Unit:   "letters",
		Ours:   float64(ours.letters),
		Theirs: float64(theirs.letters),
		Beside: "Alertmanager",
		Bar:    "<=10",
		Held:   ours.letters <= 10,
		Note: fmt.Sprintf("%d alerts of one rule at once; the last of them told after %.1f s, "+
			"Alertmanager's after %.1f s", storm, ours.all.Seconds(), theirs.all.Seconds()),
	}
	for _, l := range []*measure.Line{&first, &many} {
		if l.Theirs > 0 {
			l.Ratio = l.Ours / l.Theirs
		}
	}
	return []measure.Line{first, many}
}

// gathered is how one side told.
type gathered struct {
	first   time.Duration // to the letter about one alert, the median of some
	letters int           // about a storm
	all     time.Duration // until all of it was told
}

// oursGathers raises one alert, then a storm of the same rule. A letter that stands for more says for how
// many.
func oursGathers(
	ctx context.Context, gw *gateway, s *school, mail *sink, storm int,
) (out gathered, err error) {
	probes, err := dialProbes(gw.mqtt, s.devices)
	defer func() {
		for _, p := range probes {
			p.conn.Close()
		}
	}()
	if err != nil {
		return out, err
	}
	to := addressOf(guards()[0])
	had := len(mail.to(to))
	if out.first, err = mail.first(ctx, to, had, func(i int) error {
		_, err := probes[i].conn.Write(probes[i].packet)
		return err
	}); err != nil {
		return out, err
	}
	begun := time.Now()
	for _, p := range probes[single:] {
		if _, err := p.conn.Write(p.packet); err != nil {
			return out, err
		}
	}
	return out, out.tell(ctx, mail, to, had+single, storm, begun, func(l letter) int {
		more := 0
		if _, rest, found := strings.Cut(l.subject, ", and "); found {
			_, _ = fmt.Sscanf(rest, "%d more", &more)
		}
		return 1 + more
	})
}

// first raises alerts, each once the letter about the one before is there, and returns the median of the
// times to the letter.
func (s *sink) first(
	ctx context.Context, to string, had int, raise func(i int) error,
) (time.Duration, error) {
	var took []time.Duration
	for i := range single {
		begun := time.Now()
		if err := raise(i); err != nil {
			return 0, err
		}
		letters, err := s.wait(ctx, to, had+i+1, time.Minute)
		if err != nil {
			return 0, err
		}
		took = append(took, letters[had+i].at.Sub(begun))
	}
	return measure.Percentile(took, 50), nil
}

// tell counts the letters until they stand for a whole storm.
func (x *gathered) tell(
	ctx context.Context, mail *sink, to string, had, storm int, begun time.Time, stands func(letter) int,
) error {
	told := 0
	for n := had + 1; ; n++ {
		letters, err := mail.wait(ctx, to, n, stormTold)
		if err != nil {
			return err
		}
		if told += stands(letters[n-1]); told >= storm {
			x.letters, x.all = n-had, letters[n-1].at.Sub(begun)
			return nil
		}
	}
}

// theirsGathers does the same with Debian's Alertmanager.
func theirsGathers(ctx context.Context, dir string, mail *sink, storm int) (out gathered, err error) {
	addr, err := measure.FreeAddr()
	if err != nil {
		return out, err
	}
	conf := filepath.Join(dir, "alertmanager.yml")
	text := fmt.Sprintf(`
global: {smtp_smarthost: %q, smtp_from: am@school.example, smtp_require_tls: false}
route: {receiver: guard, group_by: [alertname], group_wait: 0s, group_interval: 5s, repeat_interval: 4h}
receivers:
  - name: guard
    email_configs:
      - to: %s
        html: ""
        text: "firing {{ len .Alerts.Firing }}"
        headers: {Subject: "firing {{ len .Alerts.Firing }}"}
`, mail.addr, amTo)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return out, err
	}
	log, err := os.Create(filepath.Join(dir, "alertmanager.log"))
	if err != nil {
		return out, err
	}
	cmd := exec.CommandContext(ctx, "prometheus-alertmanager", "--config.file="+conf,
		"--storage.path="+filepath.Join(dir, "alertmanager"), "--web.listen-address="+addr,
		"--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return out, errors.Join(fmt.Errorf("Alertmanager: %w (deploy/setup/debian.sh bench)", err), log.Close())
	}
	p := &measure.Process{Cmd: cmd, Clean: func() { log.Close() }}
	defer func() { err = errors.Join(err, p.Stop()) }()
	if err := measure.Listening(ctx, addr, 20*time.Second); err != nil {
		return out, err
	}
	url := "http://" + addr + "/api/v2/alerts"
	if out.first, err = mail.first(ctx, amTo, 0, func(i int) error {
		return raiseThere(url, fmt.Sprint("Single ", i), 1)
	}); err != nil {
		return out, err
	}
	begun := time.Now()
	if err := raiseThere(url, "Storm", storm); err != nil {
		return out, err
	}
	newest := 0 // each letter of a group tells all that fires
	return out, out.tell(ctx, mail, amTo, single, storm, begun, func(l letter) int {
		n := 0
		_, _ = fmt.Sscanf(l.subject, "firing %d", &n)
		more := max(0, n-newest)
		newest = max(newest, n)
		return more
	})
}

// raiseThere sends Alertmanager so many alerts of a name, one request each, as rules of many groups do.
func raiseThere(url, name string, n int) error {
	for i := range n {
		body, err := json.Marshal([]map[string]any{{
			"labels": map[string]string{"alertname": name, "device": fmt.Sprint(i)},
		}})
		if err != nil {
			return err
		}
		if err := ok(http.Post(url, "application/json", bytes.NewReader(body))); err != nil {
			return err
		}
	}
	return nil
}
