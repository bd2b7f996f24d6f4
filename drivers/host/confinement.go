package host

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
)

// ConfineMode says what to do if a program cannot be confined.
type ConfineMode string

// The modes. The zero mode is off.
const (
	ConfineOff ConfineMode = "off"
	// it runs, and its Status says why it is not confined
	ConfineTry     ConfineMode = "try"
	ConfineRequire ConfineMode = "require" // it is refused
)

// Confinement says how driver programs are kept from other people's files. What a program may open
// follows from its description: the files that its settings name; the folders of Files, if its
// devices' addresses name files; and the serial lines, if its devices may use one.
type Confinement struct {
	Mode ConfineMode
	// Launcher is a command that calls confine.Become: the gateway itself.
	Launcher []string
	// Secrets are files and folders that no driver may open, even within an allowed folder.
	Secrets []string
	Files   []string // folders of the files that device addresses name
	Serial  []string // path prefixes of serial lines
}

// WhyOpen is the reason why a program is not confined.
type WhyOpen string

// The reasons.
const (
	OpenOff      WhyOpen = "off"      // configured so
	OpenPlatform WhyOpen = "platform" // no launcher, or not Linux
	// no Landlock here, and the gateway cannot give it a user of its own
	OpenLandlock WhyOpen = "landlock"
)

// Confined says how a program is confined.
type Confined struct {
	Landlock int    // ABI version in force; 0: none
	User     string // its own user; empty: the gateway's
	Why      WhyOpen
	Detail   string // for people: why it is not confined, or only in part
}

// Held reports whether the program is confined at all.
func (c Confined) Held() bool { return c.Landlock > 0 || c.User != "" }

// needs lists what a program must be able to open. It is known once the program has run.
type needs struct {
	settings []drivers.Field
	files    bool     // device addresses name files
	serial   bool     // devices may be on a serial line
	fileKeys []string // keys of those addresses
}

// needsOf derives the needs from a description.
func needsOf(d drivers.Description) needs {
	n := needs{}
	for _, f := range d.Settings {
		if f.Kind == drivers.FieldPath {
			n.settings = append(n.settings, f)
		}
	}
	for _, f := range d.Address {
		n.files = n.files || f.Kind == drivers.FieldPath
		if f.Kind == drivers.FieldPath {
			n.fileKeys = append(n.fileKeys, f.Key)
		}
		for _, scheme := range f.Options {
			n.serial = n.serial || scheme == drivers.SchemeSerial
		}
	}
	return n
}

func (n needs) none() bool { return len(n.settings) == 0 && !n.files && !n.serial }

// cage is the confinement of one run of a program.
type cage struct {
	plan   confine.Plan
	user   *ownUser // nil: the gateway's
	got    Confined
	opened string // fingerprint of what it may open, to detect changes
}

// confinement decides how to confine a program with these needs. refusal says why it is not
// started.
func (s *supervisor) confinement(n needs, dir string) (c *cage, refusal string) {
	o := s.host.options.Confine
	if o.Mode == ConfineOff || o.Mode == "" {
		return &cage{
			got: Confined{
				Why:    OpenOff,
				Detail: "the configuration turns it off (confine.mode)",
			},
		}, ""
	}
	if len(o.Launcher) == 0 {
		return s.open(OpenPlatform, "there is nothing to start it confined with on this machine")
	}
	g := s.grants(n)
	c = &cage{plan: confine.Plan{
		Path: s.path(),
		Args: s.spec.Args,
		Run:  g.paths(mayRun),
		Read: g.paths(mayRead),
		Use:  g.paths(mayUse),
		Keep: append(g.paths(mayKeep), dir),
		Must: o.Mode == ConfineRequire,
	}}
	c.plan.Files = mostFiles
	c.opened = g.fingerprint()
	abi, err := confine.ABI()
	c.plan.NoLock = err != nil
	c.got.Landlock = abi
	user, why := s.ownUser(g)
	if user != nil {
		c.user, c.got.User, c.plan.Tasks = user, user.name, mostTasks
	} else if s.spec.User != "" {
		return nil, fmt.Sprintf("it cannot run as the user %s: %s", s.spec.User, why)
	}
	switch {
	case err != nil && user == nil:
		c.got.Why, c.got.Detail = OpenLandlock, fmt.Sprintf(
			"%v, and it has no user of its own: %s", err, why)
		if o.Mode == ConfineRequire {
			return nil, mustBe(c.got.Detail)
		}
	case err != nil:
		c.plan.Must = false
		c.got.Detail = err.Error()
	case user == nil && os.Geteuid() == 0:
		c.got.Detail = "it has no user of its own: " + why
	}
	return c, ""
}

// open leaves a program unconfined, or refuses it in mode require.
func (s *supervisor) open(why WhyOpen, detail string) (*cage, string) {
	if s.host.options.Confine.Mode == ConfineRequire {
		return nil, mustBe(detail)
	}
	return &cage{got: Confined{
		Why:    why,
		Detail: detail,
	}}, ""
}

func mustBe(detail string) string {
	return fmt.Sprintf("this gateway starts only drivers that are confined (confine.mode: "+
		"require), and this one cannot be: %s",
		detail)
}

// Limits of a confined program.
const (
	mostFiles = 16_384 // open files and connections
	mostTasks = 4_096  // processes and threads, if it has a user of its own
)

// path is the program's absolute path.
func (s *supervisor) path() string {
	path, err := filepath.Abs(s.spec.Path)
	if err != nil {
		return s.spec.Path
	}
	return path
}

// errChanged means that the file no longer has the checksum that was computed.
var errChanged = fmt.Errorf("its file changed while it was being started")

// openSummed opens the program and compares its checksum. The open file is what runs, even if the
// path is replaced afterwards.
func openSummed(path, sum string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	got, err := sumOf(f)
	if err == nil && got != sum {
		err = errChanged
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
