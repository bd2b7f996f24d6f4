package host

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// may is a kind of access to a path.
type may int

const (
	mayRun may = iota
	mayRead
	mayUse
	mayKeep
)

// grant is a path that a program may open.
type grant struct {
	may   may
	path  string
	quiet bool // a change of it does not restart the program
}

type grants []grant

// maxGrants limits the paths granted one by one because their folder contains a secret.
const maxGrants = 2000

// What every program needs of the system: libraries, host and user names, time zones, certificate
// authorities, and what language runtimes read about the machine. Data of other programs, homes and
// the configuration of services are not included.
var (
	systemRun = []string{
		"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store",
		"/gnu/store",
	}
	systemRead = []string{
		"/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
		"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ssl/ca-bundle.pem",
		"/etc/ca-certificates",
		"/etc/pki/tls/certs", "/etc/pki/ca-trust", "/run/systemd/resolve", "/run/resolvconf",
		"/run/NetworkManager/resolv.conf",
		// The kernel denies another process's entries anyway, since the program may not trace it.
		"/proc", "/sys/devices", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage",
	}
	quietRead = []string{
		"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload",
		"/etc/alternatives",
		"/etc/localtime", "/etc/timezone", "/etc/services", "/etc/protocols", "/etc/passwd",
		"/etc/group", "/etc/mime.types",
	}
	systemUse = []string{
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
	}
)

// grants returns what a program with these needs may open.
func (s *supervisor) grants(n needs) grants {
	o := s.host.options.Confine
	var out grants
	for _, p := range systemRun {
		out.without(mayRun, p, o.Secrets)
	}
	out.add(mayRun, s.path())
	for _, p := range systemRead {
		out.without(mayRead, p, o.Secrets)
	}
	for _, p := range quietRead {
		out = append(out, grant{
			may:   mayRead,
			path:  p,
			quiet: true,
		})
	}
	out.add(mayUse, systemUse...)
	for _, p := range s.spec.Read {
		out.without(mayRun, absolute(p), o.Secrets)
	}
	for _, p := range s.spec.Write {
		out.without(mayKeep, absolute(p), o.Secrets)
	}
	for _, p := range s.settingPaths(n) {
		// named by this driver's configuration: such as the key of its certificate
		if isFile(p, o.Secrets) {
			out.add(mayRead, real(p))
			continue
		}
		out.without(mayRead, p, o.Secrets)
	}
	if n.files {
		for _, p := range o.Files {
			out.without(mayRead, p, o.Secrets)
		}
	}
	if n.serial {
		for _, p := range serialLines(o.Serial) {
			out.add(mayUse, p)
		}
	}
	if len(out) >= maxGrants {
		s.host.options.Logger.Warn("a driver may open only some of the files that it asks for: too "+
			"many lie beside the gateway's secrets; give them a folder of their own",
			"driver", s.spec.Name, "granted", len(out))
	}
	return out
}

func (g *grants) add(m may, paths ...string) {
	for _, p := range paths {
		*g = append(*g, grant{
			may:  m,
			path: p,
		})
	}
}

// without grants a path except for the secrets in it: a folder that contains one is granted entry
// by entry; a path inside a secret is not granted.
func (g *grants) without(m may, path string, secrets []string) {
	path = real(path)
	within := false
	for _, secret := range secrets {
		secret = real(secret)
		if path == secret || strings.HasPrefix(path, secret+"/") {
			return
		}
		within = within || strings.HasPrefix(secret, strings.TrimSuffix(path, "/")+"/")
	}
	if len(*g) >= maxGrants {
		return
	}
	if !within {
		g.add(m, path)
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return
	}
	for _, e := range entries {
		g.without(m, filepath.Join(path, e.Name()), secrets)
	}
}

// isFile reports whether a path is one of these files; folders do not count.
func isFile(path string, files []string) bool {
	path = real(path)
	for _, f := range files {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && real(f) == path {
			return true
		}
	}
	return false
}

// settingPaths are the files and folders that the program's settings name. Relative paths are
// resolved against the gateway's working directory, and against folders that other settings name.
func (s *supervisor) settingPaths(n needs) []string {
	var values, out []string
	for _, f := range n.settings {
		v := s.spec.Settings[f.Key]
		if v == "" {
			v = f.Default
		}
		if v != "" {
			values = append(values, v)
		}
	}
	for _, v := range values {
		out = append(out, absolute(v))
		if filepath.IsAbs(v) {
			continue
		}
		for _, base := range values {
			p := filepath.Join(absolute(base), v)
			if _, err := os.Stat(p); err == nil && base != v {
				out = append(out, p)
			}
		}
	}
	return out
}

// serialLines are the devices that exist now.
func serialLines(prefixes []string) []string {
	var out []string
	for _, p := range prefixes {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			p = strings.TrimSuffix(p, "/") + "/"
			found, _ := filepath.Glob(p + "*/*") // /dev/serial/by-id/…
			out = append(out, found...)
		}
		found, _ := filepath.Glob(p + "*")
		out = append(out, found...)
	}
	return slices.DeleteFunc(out, func(p string) bool {
		info, err := os.Stat(p)
		return err != nil || info.Mode()&os.ModeCharDevice == 0
	})
}

func (g grants) paths(m may) []string {
	var out []string
	for _, x := range g {
		if x.may == m {
			out = append(out, x.path)
		}
	}
	return out
}

// fingerprint is a hash of what the program may open. It changes when a file is replaced or a
// device appears: Landlock rules apply to files, not to names.
func (g grants) fingerprint() string {
	h := sha256.New()
	for _, x := range g {
		info, err := os.Stat(x.path)
		if err != nil || x.quiet {
			continue
		}
		fmt.Fprintf(h, "%d %q %s\n", x.may, x.path, identity(info))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// real resolves symbolic links, for the part of the path that exists.
func real(path string) string {
	path = absolute(path)
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if dir, name := filepath.Split(path); name != "" && dir != path {
		return filepath.Join(real(strings.TrimSuffix(dir, "/")), name)
	}
	return path
}

func absolute(path string) string {
	if p, err := filepath.Abs(path); err == nil {
		return p
	}
	return path
}
