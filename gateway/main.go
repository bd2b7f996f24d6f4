// Command gateway is Gatehouse: the registry, the driver host, the MQTT listener, the rules,
// the API and the console of a school or a district in one program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
	"github.com/gatehouse-iot/gatehouse/gateway/rulesdesk"
)

// confineCommand is how the gateway starts itself as the launcher of a driver. People do not
// type it, and no help names it.
const confineCommand = "confine"

// launcher is this program, also where its file was replaced by a newer one meanwhile.
func launcher() []string { return []string{"/proc/self/exe", confineCommand} }

func main() {
	if len(os.Args) == 2 && os.Args[1] == confineCommand {
		fmt.Fprintln(os.Stderr, confine.Become())
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// version is set by the release build: -ldflags "-X main.version=1.0.0".
var version = ""

// command is one of the gateway's commands.
type command struct {
	name, short, long string
	run               func(ctx context.Context, c *call) error
}

// call is what a command is given.
type call struct {
	flags  *flag.FlagSet
	args   []string
	in     io.Reader
	out    io.Writer
	errout io.Writer
}

// parse reads the flags, which min to max words may follow.
func (c *call) parse(min, max int) error {
	if err := c.flags.Parse(c.args); err != nil {
		return errUsage{err}
	}
	switch n := c.flags.NArg(); {
	case n < min:
		return errUsage{g.Errorf(g.Invalid, "%s wanted after the options, not %d", words(min), n)}
	case n > max && max == 0:
		return errUsage{
			g.Errorf(g.Invalid, "nothing may follow the options, and %q does", c.flags.Arg(0)),
		}
	case n > max:
		return errUsage{
			g.Errorf(g.Invalid, "at most %s wanted after the options, not %d: options go first",
				words(max), n),
		}
	}
	return nil
}

func words(n int) g.Text {
	if n == 1 {
		return g.Word("1 word is")
	}
	return g.Textf("%d words are", n)
}

// errUsage is an error of the command line itself.
type errUsage struct{ error }

// Unwrap lets callers distinguish flag.ErrHelp from a mistake.
func (e errUsage) Unwrap() error { return e.error }

func commands() []command {
	return []command{
		{"serve", "run the gateway", serveHelp, serve},
		{"demo", "run a whole small school with simulated equipment", demoHelp, runDemo},
		{"reload", "have the running gateway read its files anew", reloadHelp, reload},
		{"passwd", "set a user's password", passwdHelp, passwd},
		{"backup", "write everything, keys included, to one file", backupHelp, writeBackup},
		{"restore", "put a backup back", restoreHelp, restore},
		{"config", "print the commented configuration, or check a file", configHelp, showConfig},
		{"rules", "check and test rules, and ask what they find", rulesdesk.Help, askRules},
		{"audit", "verify the audit log, also against anchors from elsewhere", auditHelp, auditLog},
		{"journal", "inspect the journal: verify, stat or tail", journalHelp, inspectJournal},
		{"version", "print the version", "Usage: gateway version\n", printVersion},
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		flags := flag.NewFlagSet("gateway "+c.name, flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		err := c.run(ctx, &call{flags, helpFirst(args[1:]), in, out, errout})
		var wrong errUsage
		switch {
		case err == nil:
			return 0
		case errors.Is(err, flag.ErrHelp):
			io.WriteString(out, c.long)
			printFlags(out, flags)
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(errout, "gateway %s: %s\n\n%s", c.name, texts.Locale(os.Getenv).Error(err),
				c.long)
			printFlags(errout, flags)
			return 2
		}
		fmt.Fprintf(errout, "gateway %s: %s\n", c.name, texts.Locale(os.Getenv).Error(err))
		return 1
	}
	fmt.Fprintf(errout, "gateway: there is no command %q\n\n", args[0])
	usage(errout)
	return 2
}

// helpFirst makes "rules check --help" mean what it would mean without the word before it.
func helpFirst(args []string) []string {
	for _, a := range args {
		if a == "-h" || a == "-help" || a == "--help" {
			return []string{"-h"}
		}
	}
	return args
}

func usage(w io.Writer) {
	io.WriteString(w,
		"Gatehouse: the gateway between a school's devices and the people who answer for the "+
			"children in it.\n\nUsage: gateway COMMAND [options]\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.short)
	}
	io.WriteString(w, "\n`gateway COMMAND --help` says more.\n")
}

func printFlags(w io.Writer, flags *flag.FlagSet) {
	any := false
	flags.VisitAll(func(*flag.Flag) { any = true })
	if !any {
		return
	}
	io.WriteString(w, "\nOptions:\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}

func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return strings.Trim(info.Main.Version, "()")
}

// built is when the revision was committed from which this program was made; the zero time
// where the build does not say.
func built() (at time.Time) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				at, _ = time.Parse(time.RFC3339, s.Value)
			}
		}
	}
	return at
}

func printVersion(_ context.Context, c *call) error {
	if err := c.parse(0, 0); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, "gatehouse", versionText())
	return err
}
