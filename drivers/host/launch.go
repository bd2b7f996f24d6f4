package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/confine"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// startTimeout is how long a program may take to complete the handshake.
const startTimeout = 30 * time.Second

// exitGrace is how long a program may take to exit after its session broke.
const exitGrace = 500 * time.Millisecond

// killAfter is how long a program may take to exit after being told to.
const killAfter = 2 * time.Second

// program is one run of a driver.
type program struct {
	client   driverpb.DriverClient
	conn     grpc.ClientConnInterface
	contract int // negotiated contract version
	pid      int
	// its temporary folder; empty if it runs within this process
	dir  string
	cage *cage                     // its confinement
	seen atomic.Pointer[[]process] // its processes when last looked at
	// end ends the program if it is still running, waits for it, cleans up and says how it ended.
	// orderly: the program is alive and is given time to exit; otherwise its session has broken,
	// and it has exited or is useless.
	end func(orderly bool) string
}

func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

// verify checks the file before it is started. refusal says why it is not started.
func (s *supervisor) verify() (sum, refusal string) {
	if s.spec.Driver != nil {
		return "", ""
	}
	if s.spec.Path == "" {
		return "", "devices name this driver and the configuration does not: add it there under " +
			"drivers, or give the devices another one"
	}
	info, err := os.Stat(s.spec.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Sprintf("there is no file %s: check the driver's path in the configuration",
			s.spec.Path)
	case err != nil:
		return "", fmt.Sprintf("the program cannot be looked at: %v", err)
	case !info.Mode().IsRegular():
		return "", fmt.Sprintf("%s is no program but a folder or something else: check the "+
			"driver's path in the configuration",
			s.spec.Path)
	case info.Mode().Perm()&0o111 == 0:
		return "", fmt.Sprintf("%s is not executable: run chmod +x on it", s.spec.Path)
	}
	sum, err = fileSum(s.spec.Path)
	switch {
	case err != nil:
		return "", fmt.Sprintf("the program cannot be read: %v", err)
	case s.spec.SHA256 == "" && s.host.options.RequireSHA256:
		return sum, fmt.Sprintf("its checksum is not given, and this gateway asks for it: if the "+
			"program is the one you mean, set sha256 to %s",
			sum)
	case s.spec.SHA256 == "":
		s.host.options.Logger.Warn(
			"driver without a checksum: whoever can change the file can run anything", "driver",
			s.spec.Name, "pinned", "no", "sha256", sum)
	case !strings.EqualFold(sum, s.spec.SHA256):
		return sum, fmt.Sprintf("its checksum is %s and not %s as the configuration says: it is "+
			"another program, or a changed one",
			sum, strings.ToLower(s.spec.SHA256))
	}
	return sum, ""
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return sumOf(f)
}

func sumOf(f io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// launch starts the program and completes the handshake; if p is nil, end says why. A confined
// program that states its needs for the first time is ended and started again with them.
func (s *supervisor) launch(ctx context.Context) (p *program, end outcome) {
	p, end = s.launchOnce(ctx)
	if p == nil || !s.learn(ctx, p) {
		return p, end
	}
	p.end(true)
	return s.launchOnce(ctx)
}

func (s *supervisor) launchOnce(ctx context.Context) (p *program, end outcome) {
	dir, err := os.MkdirTemp(s.host.options.TempDir, "gatehouse-driver-")
	if err != nil {
		return nil, outcome{
			retry:  true,
			reason: fmt.Sprintf("it needs a temporary folder: %v", err),
		}
	}
	if s.spec.Driver != nil {
		p, end = s.launchHere(dir)
	} else {
		p, end = s.launchProgram(ctx, dir)
	}
	if p == nil {
		os.RemoveAll(dir)
	}
	return p, end
}

func (s *supervisor) launchProgram(ctx context.Context, dir string) (*program, outcome) {
	c, refusal := s.confinement(s.known(), dir)
	if refusal != "" {
		return nil, outcome{
			refused: true,
			reason:  refusal,
		}
	}
	config, certificate, err := hostCertificate(time.Now())
	if err != nil {
		return nil, outcome{
			retry:  true,
			reason: err.Error(),
		}
	}
	killCtx, kill := context.WithCancel(context.WithoutCancel(ctx))
	x, end0 := s.command(killCtx, c, dir)
	if x == nil {
		kill()
		return nil, end0
	}
	cmd := x.cmd
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.Env = append(bareEnv(dir), certificateEnv+"="+certificate)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   driverpb.CookieKey,
			MagicCookieValue: driverpb.CookieValue,
		},
		VersionedPlugins: versions(),
		Cmd:              cmd,
		SecureConfig:     x.secure,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		TLSConfig:        config,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		GRPCDialOptions:  dialOptions(),
		// go-plugin's parser of log lines can panic on malformed lines; with its logger off it does
		// not parse them, and logRing gets them.
		Logger: hclog.New(&hclog.LoggerOptions{
			Level:  hclog.Off,
			Output: io.Discard,
		}),
		Stderr:     s.logs.writer(),
		SyncStdout: s.logs.writer(),
		SyncStderr: s.logs.writer(),
	})
	// While it starts, it can only be stopped by killing it.
	stopWatching := context.AfterFunc(ctx, kill)
	rpc, err := client.Client()
	stopWatching()
	p := &program{dir: dir, cage: c}
	report := x.report()
	end := func(orderly bool) string {
		if !orderly && cmd.Process != nil {
			for deadline := time.Now().Add(exitGrace); !client.Exited() &&
				time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
			kill()
		}
		timer := time.AfterFunc(killAfter, kill)
		client.Kill() // waits for the process
		timer.Stop()
		kill()
		if cmd.Process != nil {
			killGroup(cmd.Process.Pid) // processes that it left behind
			killFamily(cmd.Process.Pid, dir, c.user, p.started())
		}
		os.RemoveAll(dir)
		if cmd.ProcessState == nil {
			return "it ended"
		}
		return exitWords(cmd.ProcessState)
	}
	if err != nil {
		how := end(false)
		if report.Error != "" && cmd.Process != nil {
			return nil, launcherOutcome(c, report)
		}
		return nil, startOutcome(err, how, cmd.ProcessState, s.logs.lastWords())
	}
	grpcClient, ok := rpc.(*plugin.GRPCClient)
	if !ok {
		end(false)
		return nil, outcome{
			refused: true,
			reason:  "it does not speak gRPC",
		}
	}
	s.nowConfined(c, report)
	p.client, p.conn, p.pid, p.end = driverpb.NewDriverClient(grpcClient.Conn), grpcClient.Conn, cmd.Process.Pid, end
	p.contract = client.NegotiatedVersion()
	return p, outcome{}
}

// versions lists the contract versions offered to a program; the client is the same for each.
func versions() map[int]plugin.PluginSet {
	out := map[int]plugin.PluginSet{}
	for v := drivers.OldestVersion; v <= drivers.ContractVersion; v++ {
		out[v] = plugin.PluginSet{driverpb.PluginName: &plugin.NetRPCUnsupportedPlugin{}}
	}
	return out
}

// started is the program's processes when last looked at.
func (p *program) started() []process {
	if ps := p.seen.Load(); ps != nil {
		return *ps
	}
	return nil
}

// startOutcome explains why a program did not complete the handshake. go-plugin's errors have no
// types, so some are recognised by their text; tests guard these.
func startOutcome(err error, how string, state *os.ProcessState, words string) outcome {
	text := err.Error()
	switch {
	case errors.Is(err, plugin.ErrChecksumsDoNotMatch):
		return outcome{
			refused: true,
			reason:  "its file changed while it was being started",
		}
	case strings.Contains(text, "incompatible API version"):
		var v int
		if _, after, ok := strings.Cut(text, "Plugin version: "); ok {
			fmt.Sscanf(after, "%d", &v)
		}
		return outcome{
			refused: true,
			reason: fmt.Sprintf("it speaks version %d of the driver contract and this gateway "+
				"versions %d to %d: get the driver's build for this gateway",
				v, drivers.OldestVersion, drivers.ContractVersion),
		}
	case strings.Contains(text, "Unrecognized remote plugin message: \n"),
		strings.Contains(text, "plugin exited before"):
		if state != nil && state.Success() {
			return outcome{
				reason: "it ended at once and did not greet the gateway: it is no driver, or its " +
					"main does not call drivers.Serve",
				words: words,
			}
		}
		return outcome{
			reason: "it ended before it greeted the gateway (" + how + ")",
			words:  words,
		}
	case strings.Contains(text, "Unrecognized remote plugin message: "),
		strings.Contains(text, "core protocol version"),
		strings.Contains(text, "incompatible core API"):
		_, line, _ := strings.Cut(text, "message: ")
		line, _, _ = strings.Cut(line, "\n")
		return outcome{
			refused: true,
			reason: "it is no driver, or prints to standard output before drivers.Serve does: " +
				"log to standard error instead",
			words: fmt.Sprintf("%.100q", line),
		}
	case strings.Contains(text, "timeout while waiting"):
		return outcome{
			reason: fmt.Sprintf("it did not greet the gateway within %s", startTimeout),
			words:  words,
		}
	case strings.Contains(text, "unsupported plugin protocol"):
		return outcome{
			refused: true,
			reason:  "it does not speak gRPC",
		}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), notExecutable(err):
		return outcome{
			refused: true,
			reason: fmt.Sprintf("the operating system does not start it (%v): is it built for "+
				"this machine?",
				rootCause(err)),
		}
	}
	return outcome{
		reason: fmt.Sprintf("it could not be started: %v", err),
		words:  words,
	}
}

func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// exitWords describes how a process ended.
func exitWords(p *os.ProcessState) string {
	if p.Success() {
		return "it ended by itself (exit status 0)"
	}
	return "it ended (" + p.String() + ")"
}

// bareEnv is a program's whole environment, apart from the handshake's variables. Its temporary
// files and its socket go to dir, which is removed afterwards.
func bareEnv(dir string) []string {
	env := []string{"TMPDIR=" + dir, plugin.EnvUnixSocketDir + "=" + dir}
	if tz, ok := os.LookupEnv("TZ"); ok {
		env = append(env, "TZ="+tz) // same time zone in its log as in the gateway's
	}
	return env
}

func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(driverpb.MaxMessage),
			grpc.MaxCallSendMsgSize(driverpb.MaxMessage)),
		// Detects a program that no longer responds at all within 30 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:                10 * time.Second,
			Timeout:             20 * time.Second,
			PermitWithoutStream: true,
		}),
	}
}

// launchHere serves Spec.Driver within this process.
func (s *supervisor) launchHere(dir string) (*program, outcome) {
	lis, err := net.Listen("unix", filepath.Join(dir, "driver.sock"))
	if err != nil {
		return nil, outcome{
			retry:  true,
			reason: err.Error(),
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- drivers.ServeListener(ctx, lis, s.spec.Driver) }()
	conn, err := grpc.NewClient("passthrough:///driver", append(dialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", lis.Addr().String())
		}))...)
	if err != nil {
		cancel()
		<-served
		return nil, outcome{
			retry:  true,
			reason: err.Error(),
		}
	}
	end := func(bool) string {
		conn.Close()
		cancel()
		err := <-served
		os.RemoveAll(dir)
		return fmt.Sprintf("it ended (%v)", err)
	}
	here := &cage{
		got: Confined{
			Why:    OpenPlatform,
			Detail: "it runs within the gateway's own process",
		},
	}
	s.nowConfined(here, confine.Report{})
	return &program{
		client:   driverpb.NewDriverClient(conn),
		conn:     conn,
		contract: drivers.ContractVersion,
		pid:      os.Getpid(),
		cage:     here,
		end:      end,
	}, outcome{}
}
