package host

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
)

// ConfineMode says what is to happen where a program cannot be confined.
type ConfineMode string

// The modes. The zero mode confines nothing, as off does.
const (
	ConfineOff ConfineMode = "off"
	// it runs, and its Status says that and why it is not confined
	ConfineTry     ConfineMode = "try"
	ConfineRequire ConfineMode = "require" // it is refused
)

// Confinement is how driver programs are kept from what is not theirs. What a program may open
// follows from what it says of itself: the files that its settings name, the folders of Files
// where its devices name files, and serial lines where its devices may be on one.
type Confinement struct {
	Mode ConfineMode
	// Launcher is a program with arguments that calls confine.Become: the gateway itself.
	Launcher []string
	// Secrets are files and folders that no driver may open, wherever they lie.
	Secrets []string
	Files   []string // folders of files that addresses of devices name
	Serial  []string // what paths of serial lines begin with
}

// WhyOpen says why a program is not confined.
type WhyOpen string

// The reasons.
const (
	OpenOff      WhyOpen = "off"      // the configuration says so
	OpenPlatform WhyOpen = "platform" // no launcher, or no Linux
	// there is no Landlock here, and the gateway cannot give it a user of its own
	OpenLandlock WhyOpen = "landlock"
)

// Confined is what keeps a program from what is not its own.
type Confined struct {
	Landlock int    // the version of the kernel's interface by which it is held; 0: it is not
	User     string // the user of its own as which it runs; empty: the gateway's
	Why      WhyOpen
	Detail   string // for people: why not, or why by no more than that
}

// Held says whether anything keeps the program from what is not its own.
func (c Confined) Held() bool { return c.Landlock > 0 || c.User != "" }

// needs are what a program says that it must open. They are known once it has run.
type needs struct {
	settings []drivers.Field
	files    bool     // addresses of its devices name files
	serial   bool     // its devices may be on a serial line
	fileKeys []string // of those addresses
}

// needsOf reads them out of a description.
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

// cage is how one run of a program is confined.
type cage struct {
	plan   confine.Plan
	user   *ownUser // nil: the gateway's
	got    Confined
	opened string // names what it may open; another one: it has changed since
}

// confinement decides how the program is confined, given what it needs. refusal says in words
// why it is not started.
func (s *supervisor) confinement(n needs, dir string) (c *cage, refusal string) {
	o := s.host.options.Confine
	if o.Mode == ConfineOff || o.Mode == "" {
		return &cage{
			got: Confined{Why: OpenOff, Detail: "the configuration turns it off (confine.mode)"},
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

// open is a program that nothing confines, or its refusal.
func (s *supervisor) open(why WhyOpen, detail string) (*cage, string) {
	if s.host.options.Confine.Mode == ConfineRequire {
		return nil, mustBe(detail)
	}
	return &cage{got: Confined{Why: why, Detail: detail}}, ""
}

func mustBe(detail string) string {
	return fmt.Sprintf("this gateway starts only drivers that are confined (confine.mode: "+
		"require), and this one cannot be: %s",
		detail)
}

// Bounds of a confined program.
const (
	mostFiles = 16_384 // open files and connections
	mostTasks = 4_096  // processes and threads, where it has a user of its own
)

// path is the program's, from the root.
func (s *supervisor) path() string {
	path, err := filepath.Abs(s.spec.Path)
	if err != nil {
		return s.spec.Path
	}
	return path
}

// errChanged is a program that is no longer the one whose checksum was taken.
var errChanged = fmt.Errorf("its file changed while it was being started")

// openSummed opens the program whose checksum that is: the open file is what runs, whatever
// lies at its path by then.
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
