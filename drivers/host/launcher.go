package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/hashicorp/go-plugin"

	"github.com/gatehouse-iot/gatehouse/drivers/confine"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// launching is a program that is about to be started.
type launching struct {
	cmd    *exec.Cmd
	secure *plugin.SecureConfig // set if it is started without the launcher
	// report blocks until the launcher has executed the program or ended. It must be called once.
	report func() confine.Report
}

// command makes the command that starts the program, confined as c says. If x is nil, end says why.
func (s *supervisor) command(ctx context.Context, c *cage, dir string) (x *launching, end outcome) {
	if c.user != nil {
		if err := os.Chown(dir, int(c.user.uid), int(c.user.gid)); err != nil {
			return nil, outcome{
				retry:  true,
				reason: fmt.Sprintf("it needs a temporary folder of its own: %v", err),
			}
		}
	}
	sum := s.snapshot().SHA256
	if !c.launched() {
		b, _ := hex.DecodeString(sum)
		x = &launching{
			cmd: exec.CommandContext(ctx, s.path(), s.spec.Args...),
			secure: &plugin.SecureConfig{
				Checksum: b,
				Hash:     sha256.New(),
			},
			report: func() confine.Report { return confine.Report{} },
		}
		ownGroup(x.cmd)
		return x, outcome{}
	}
	program, err := openSummed(c.plan.Path, sum)
	if err != nil {
		return nil, outcome{
			refused: true,
			reason:  err.Error(),
		}
	}
	plan, err := planPipe(c.plan)
	if err != nil {
		program.Close()
		return nil, outcome{
			retry:  true,
			reason: err.Error(),
		}
	}
	from, to, err := os.Pipe()
	if err != nil {
		program.Close()
		plan.Close()
		return nil, outcome{
			retry:  true,
			reason: err.Error(),
		}
	}
	l := s.host.options.Confine.Launcher
	x = &launching{cmd: exec.CommandContext(ctx, l[0], l[1:]...)}
	x.cmd.ExtraFiles = []*os.File{plan, to, program}
	ownGroup(x.cmd)
	if c.user != nil {
		runAs(x.cmd, c.user)
	}
	x.report = func() confine.Report {
		program.Close()
		plan.Close()
		to.Close()
		return readReport(from)
	}
	return x, outcome{}
}

// launched reports whether the program is started by the launcher.
func (c *cage) launched() bool { return c.plan.Path != "" }

// launcherOutcome explains why the launcher did not execute the program.
func launcherOutcome(c *cage, r confine.Report) outcome {
	switch {
	case r.Start:
		return outcome{
			refused: true,
			reason: fmt.Sprintf("the operating system does not start it (%s): is it built for "+
				"this machine?",
				r.Error),
		}
	case c.plan.Must && strings.HasPrefix(r.Error, "landlock"):
		return outcome{
			refused: true,
			reason:  mustBe(r.Error),
		}
	}
	return outcome{
		retry:  true,
		reason: "it could not be started confined: " + r.Error,
	}
}

// nowConfined updates the Status with the actual confinement of the running program.
func (s *supervisor) nowConfined(c *cage, r confine.Report) {
	if c.launched() && !c.plan.NoLock && r.Landlock == 0 {
		c.got.Landlock, c.got.Detail = 0, r.Open
		if c.user == nil {
			c.got.Why = OpenLandlock
		}
	}
	s.set(func(st *Status) { st.Confined = c.got })
	if c.launched() && !c.got.Held() {
		s.host.options.Logger.Warn("a driver is not confined: it can read what the gateway can",
			"driver", s.spec.Name, "reason", c.got.Detail)
	}
}

// known returns the needs of the program with the current checksum, if it has run before.
func (s *supervisor) known() needs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learned[s.status.SHA256]
}

// learn asks a confined program for its needs, and reports whether it must be restarted with them.
func (s *supervisor) learn(ctx context.Context, p *program) bool {
	s.mu.Lock()
	sum := s.status.SHA256
	_, known := s.learned[sum]
	s.mu.Unlock()
	if known || !p.cage.launched() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	w, err := p.client.Describe(ctx, &driverpb.DescribeRequest{})
	if err != nil {
		return false // serve tries again and reports the error
	}
	d, err := toDescription(w)
	if err != nil {
		return false
	}
	n := needsOf(d)
	s.mu.Lock()
	s.learned = map[string]needs{sum: n}
	s.mu.Unlock()
	return !n.none()
}

// opensOther reports whether what the program may open has changed.
func (s *supervisor) opensOther(c *cage) bool {
	return c.opened != "" && s.grants(s.known()).fingerprint() != c.opened
}
