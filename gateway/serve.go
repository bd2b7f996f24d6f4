package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/console"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/backup"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
	"github.com/gatehouse-iot/gatehouse/gateway/demo"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const serveHelp = `Usage: gateway serve [--config FILE]

Runs the gateway until it is interrupted. SIGHUP has it read its configuration, rules and
certificates anew, as gateway reload does. At the very first start it is empty: the console
asks for the first administrator and the school. Without --config the defaults hold, and
everything is kept in ./data; "gateway config" prints every key with its default.
`

func consoleFS() fs.FS {
	if f, ok := console.FS(); ok {
		return f
	}
	return nil
}

func serve(ctx context.Context, c *call) error {
	file := c.flags.String("config", "",
		"configuration `FILE` (default gatehouse.yaml, if it is there)")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	cfg, err := config.Find(*file)
	if err != nil {
		return err
	}
	log, level := cfg.Log.Logger(c.errout)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	a, err := app.Open(ctx, cfg, app.Options{
		Logger:   log,
		Level:    level,
		Hangups:  hangups,
		Config:   cfg.Again,
		Version:  versionText(),
		Built:    built(),
		Console:  consoleFS(),
		Launcher: launcher(),
	})
	if err != nil {
		return err
	}
	log.Info("the gateway is ready", "console", a.URL(), "version", versionText())
	return a.Run(ctx)
}

const demoHelp = `Usage: gateway demo [--data-dir DIR] [--port-base N]

Runs a whole small school: simulated cameras that play real video, terminals, class boards,
points of sale and sensors, all speaking their real protocols to the real gateway. The people
in the videos are adults playing a part. The school is kept in --data-dir and is there again
at the next start. Run it by "make run", which builds and fetches what it needs.
`

func runDemo(ctx context.Context, c *call) error {
	var o demo.Options
	c.flags.StringVar(&o.DataDir, "data-dir", "data/demo", "`DIR` where the demo school is kept")
	c.flags.StringVar(&o.BinDir, "bin", "",
		"`DIR` of the driver programs and the simulator (default: beside this program)")
	c.flags.StringVar(&o.Assets, "assets", ".cache", "`DIR` of models and sample video")
	c.flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`ADDRESS` of console and API")
	c.flags.IntVar(&o.PortBase, "port-base", 18000,
		"the equipment takes ports from this `NUMBER` on")
	c.flags.StringVar(&o.Language, "language", "en", "the school's `LANGUAGE`: en or zh-CN")
	level := c.flags.String("log-level", "warn",
		"debug, info, warn or error; the log is in DIR/gateway.log")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	o.Out, o.LogLevel, o.Version, o.Console, o.Launcher = c.out, *level, versionText(), consoleFS(), launcher()
	return demo.Run(ctx, o)
}

const passwdHelp = `Usage: gateway passwd [--config FILE | --data-dir DIR] NAME

Sets the password of a user, e.g. the administrator who forgot it, and signs the user out
everywhere. The new password is read from standard input, one line of at least 10 characters;
common ones, digits in a row and the names of the user and the school are refused.
With --reset-second-factor it forgets the user's second factors and recovery codes instead, and
reads nothing. The gateway may be running.
`

func passwd(ctx context.Context, c *call) error {
	reset := c.flags.Bool("reset-second-factor", false,
		"forget the user's second factors; the password stays")
	dir, err := dataDir(c, 1, 1)
	if err != nil {
		return err
	}
	name, line := c.flags.Arg(0), ""
	if !*reset {
		line, err = readPassword(c, "New password for "+name+": ")
		if err != nil && line == "" {
			return errors.New("no password came on standard input")
		}
	}
	reg, err := openRegistry(ctx, dir)
	if err != nil {
		return err
	}
	defer reg.Close()
	if *reset {
		if err := reg.Access.ResetSecondFactor(ctx, name); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out,
			"The second factors of %s are forgotten; the password is enough at the next sign-in.\n",
			name)
		return err
	}
	if err := reg.Access.SetPassword(ctx, name, strings.TrimRight(line, "\r\n")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "The password of %s is set.\n", name)
	return err
}

// openRegistry opens that of a gateway which may be running.
func openRegistry(ctx context.Context, dir string) (*registry.Registry, error) {
	key, err := keys.Master(dir)
	if err != nil {
		return nil, err
	}
	return registry.Open(ctx, registry.Options{
		Dir:       dir,
		MasterKey: key,
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
}

// readPassword reads one line; a person at a terminal is asked, and not shown what is typed.
func readPassword(c *call, ask string) (string, error) {
	if f, ok := c.in.(*os.File); ok {
		fd := int(f.Fd())
		if shown, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
			fmt.Fprint(c.errout, ask)
			hidden := *shown
			hidden.Lflag &^= unix.ECHO
			if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err == nil {
				defer fmt.Fprintln(c.errout)
				defer unix.IoctlSetTermios(fd, unix.TCSETS, shown)
			}
		}
	}
	return bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
}

// dataDir parses the options of the commands that work on a data folder, and refuses one in
// which there is no gateway.
func dataDir(c *call, min, max int) (string, error) {
	file := c.flags.String("config", "", "configuration `FILE` that names the data folder")
	dir := c.flags.String("data-dir", "", "the data folder `DIR` itself")
	if err := c.parse(min, max); err != nil {
		return "", err
	}
	if *dir == "" {
		cfg, err := config.Find(*file)
		if err != nil {
			return "", err
		}
		*dir = cfg.Path(cfg.DataDir)
	}
	if _, err := os.Stat(filepath.Join(*dir, "registry.db")); errors.Is(err, fs.ErrNotExist) {
		return "", g.Errorf(g.NotFound,
			"%s holds no gateway: name its folder with --data-dir, or its file with --config",
			*dir)
	} else if err != nil {
		return "", fmt.Errorf("the data folder cannot be looked into: run this as the gateway's "+
			"user: %w",
			err)
	}
	return *dir, nil
}

const backupHelp = `Usage: gateway backup [--config FILE | --data-dir DIR] ARCHIVE

Writes everything to ARCHIVE (tar, gzip): people, faces, history, journal, telemetry,
pictures, rules, and the master key that opens them. Whoever has the archive can read it all:
keep it as you would keep a key. The gateway may go on running meanwhile. An ARCHIVE of "-"
is standard output, e.g. to encrypt it on the way: gateway backup - | gpg -c > school.gpg
`

func writeBackup(ctx context.Context, c *call) error {
	dir, err := dataDir(c, 1, 1)
	if err != nil {
		return err
	}
	to := c.flags.Arg(0)
	if to == "-" {
		return takeBackup(ctx, c, dir, c.out)
	}
	part := to + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = takeBackup(ctx, c, dir, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out,
		"Wrote %s. It holds the master key: keep it as you would keep a key.\n", to)
	return err
}

// takeBackup asks the running gateway for a backup. If none runs it opens the data folder itself,
// with the configuration, or with the defaults if only the folder was named.
func takeBackup(ctx context.Context, c *call, dir string, w io.Writer) error {
	err := control.Backup(ctx, dir, w)
	if !errors.Is(err, control.ErrNotRunning) {
		return err
	}
	cfg := config.Default()
	if file := c.flags.Lookup("config").Value.String(); file != "" ||
		c.flags.Lookup("data-dir").Value.String() == "" {
		if cfg, err = config.Find(file); err != nil {
			return err
		}
	}
	if cfg.DataDir, err = filepath.Abs(dir); err != nil {
		return err
	}
	return app.BackupStopped(ctx, cfg, versionText(), w)
}

const restoreHelp = `Usage: gateway restore --data-dir DIR ARCHIVE

Puts a backup back into DIR, which must be empty or not exist, or hold an interrupted restore.
The archive is looked at whole before DIR becomes a data folder. An ARCHIVE of "-" is standard
input. Start the gateway on it afterwards: gateway serve, with data_dir set to DIR. Events that
come then have sequences and ids that none had before.
`

func restore(ctx context.Context, c *call) error {
	dir := c.flags.String("data-dir", "", "the empty folder `DIR`")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	if *dir == "" {
		return errUsage{errors.New("--data-dir is missing")}
	}
	from := c.in
	if name := c.flags.Arg(0); name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	told, err := backup.Restore(ctx, from, *dir, time.Now())
	if err != nil {
		return err
	}
	for _, place := range told {
		fmt.Fprintf(c.errout, "The journal was damaged already when the backup was made: %s\n",
			place)
	}
	_, err = fmt.Fprintf(c.out, "Restored into %s.\n", *dir)
	return err
}

const configHelp = `Usage: gateway config [FILE]

Prints the commented configuration with every key and its default; with FILE, checks that
file and says what is wrong, where, and how to mend it.
`

func showConfig(_ context.Context, c *call) error {
	if err := c.parse(0, 1); err != nil {
		return err
	}
	if c.flags.NArg() == 0 {
		_, err := c.out.Write(deploy.Config())
		return err
	}
	if _, err := config.Load(c.flags.Arg(0)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, texts.Locale(os.Getenv).Text(g.Textf("%s is right.", c.flags.Arg(0))))
	return err
}
