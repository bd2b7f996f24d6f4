package drivers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Serve is the main function of a driver program. It never returns an error: it ends when the
// gateway goes away or tells it to stop. Started by a person instead of a gateway, it prints what
// the program is and how to use it, and returns.
//
// Standard output belongs to Serve until it returns; log to standard error (log/slog's default
// does), and the lines appear in the gateway's console. While a gateway is connected Serve ignores
// interrupt and termination signals: the gateway stops the program, so that devices are released in
// order.
func Serve(d Driver) {
	if os.Getenv(driverpb.CookieKey) != driverpb.CookieValue {
		about(os.Stdout, d)
		return
	}
	signals := make(chan os.Signal, 1) // never read: signals are dropped
	signal.Notify(signals, syscall.SIGTERM)

	s := newServer(d)
	var rpc atomic.Pointer[grpc.Server]
	served := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.waitEnd(served)
		select {
		case <-served: // the gateway has shut the server down, as it does after a stop
		case <-time.After(time.Second):
			if r := rpc.Load(); r != nil {
				r.Stop() // no gateway is left to do so
			}
		}
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   driverpb.CookieKey,
			MagicCookieValue: driverpb.CookieValue,
		},
		VersionedPlugins: versions(s),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			r := grpc.NewServer(append(opts, serverOptions(s)...)...)
			rpc.Store(r)
			return r
		},
		Logger: hclog.New(&hclog.LoggerOptions{
			Level:      hclog.Warn,
			Output:     os.Stderr,
			JSONFormat: true,
		}),
	})
	close(served)
	s.stop()
	<-watched
}

// ServeListener serves a driver to one gateway over lis, in this process, until the gateway's
// session or ctx ends. It is Serve without the program around it, for tests.
func ServeListener(ctx context.Context, lis net.Listener, d Driver) error {
	s := newServer(d)
	rpc := grpc.NewServer(serverOptions(s)...)
	driverpb.RegisterDriverServer(rpc, s)
	served := make(chan error, 1)
	go func() { served <- rpc.Serve(lis) }()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.waitEnd(ctx.Done())
	}()
	var err error
	select {
	case err = <-served:
	case <-stopped:
		rpc.Stop()
		<-served
	}
	s.stop()
	<-stopped
	return err
}

func serverOptions(s *server) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(driverpb.MaxMessage),
		grpc.StatsHandler(&s.line),
		grpc.MaxSendMsgSize(driverpb.MaxMessage),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             5 * time.Second,
			PermitWithoutStream: true,
		}),
	}
}

// versions maps every supported contract version to the one server, which records the version that
// go-plugin picks.
func versions(s *server) map[int]plugin.PluginSet {
	out := map[int]plugin.PluginSet{}
	for v := OldestVersion; v <= ContractVersion; v++ {
		out[v] = plugin.PluginSet{driverpb.PluginName: &programPlugin{
			server:  s,
			version: v,
		}}
	}
	return out
}

// programPlugin registers the server with go-plugin.
type programPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	server  *server
	version int
}

func (p *programPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	p.server.version = p.version
	driverpb.RegisterDriverServer(s, p.server)
	return nil
}

func (p *programPlugin) GRPCClient(
	context.Context, *plugin.GRPCBroker, *grpc.ClientConn,
) (any, error) {
	return nil, fmt.Errorf("a driver serves and does not call")
}

// about prints what the program is for to a person who started it by hand.
func about(w io.Writer, d Driver) {
	desc, err := describe(d)
	if err != nil {
		fmt.Fprintf(w, "This driver cannot describe itself: %v\n", err)
		return
	}
	path, sum := self()
	fmt.Fprintf(w,
		"%s %s: %s\nA driver for the Gatehouse gateway, speaking version %d of the driver "+
			"contract.\n\n",
		desc.Name, desc.Version, desc.Title, ContractVersion)
	fmt.Fprintf(w,
		"The gateway starts this program; there is nothing to start by hand. Name it in "+
			"the\ngateway's configuration and restart the gateway:\n\n")
	fmt.Fprintf(w, "  drivers:\n    - name: %s\n      path: %s\n      sha256: %s\n", desc.Name,
		path, sum)
	if len(desc.Settings) > 0 {
		fmt.Fprintf(w, "      settings:\n")
		for _, f := range desc.Settings {
			fmt.Fprintf(w, "        %s: %q   # %s\n", f.Key, f.Default, fieldNote(f))
		}
	}
	fmt.Fprintf(w, "\nIt then appears in the console under Drivers. ")
	if len(desc.Address) == 0 {
		fmt.Fprintf(w, "A device needs no address.\n")
		return
	}
	fmt.Fprintf(w, "Of each device it needs:\n\n")
	for _, f := range desc.Address {
		fmt.Fprintf(w, "  %-14s %s\n", f.Key, fieldNote(f))
	}
}

func fieldNote(f Field) string {
	note := f.Title
	if f.Help != "" {
		note += ": " + f.Help
	}
	switch {
	case f.Required:
		note += " (required)"
	case f.Default != "":
		note += fmt.Sprintf(" (default %s)", f.Default)
	}
	if f.Secret {
		note += " (kept encrypted)"
	}
	return strings.TrimSpace(note)
}

// self returns this program's path and SHA-256, or a placeholder for what is unknown.
func self() (path, sum string) {
	path, err := os.Executable()
	if err != nil {
		return "/path/to/this/program", "its SHA-256"
	}
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	f, err := os.Open(path)
	if err != nil {
		return path, "its SHA-256"
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return path, "its SHA-256"
	}
	return path, hex.EncodeToString(h.Sum(nil))
}
