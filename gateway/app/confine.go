package app

import (
	"path/filepath"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// ConfineConfig says how driver programs are kept from what is not theirs.
type ConfineConfig struct {
	Mode string `yaml:"mode"` // try, require or off
}

func (c ConfineConfig) validate() error {
	modes := []string{string(host.ConfineTry), string(host.ConfineRequire), string(host.ConfineOff)}
	if !slices.Contains(modes, c.Mode) {
		return g.FieldErrorf("confine.mode",
			"%q is no way to confine drivers; use try, require or off", c.Mode)
	}
	return nil
}

// confinement is the driver host's: everything that is the gateway's own is a secret to drivers.
func (a *App) confinement() host.Confinement {
	c := &a.cfg
	secrets := []string{c.dataDir()}
	for _, p := range []string{
		c.file, c.HTTP.TLS.Key, c.MQTT.TLS.Key, c.Telemetry.TokenFile, c.Audit.AnchorFile,
	} {
		if p != "" {
			secrets = append(secrets, c.Path(p))
		}
	}
	for i, p := range secrets {
		if abs, err := filepath.Abs(p); err == nil {
			secrets[i] = abs
		}
	}
	return host.Confinement{
		Mode:     host.ConfineMode(c.Confine.Mode),
		Launcher: a.opt.Launcher,
		Secrets:  secrets,
		Files:    c.Reach.Files,
		Serial:   c.Reach.Serial,
	}
}

// confined is how a driver is confined, for the API.
func confined(c host.Confined) api.Confinement {
	return api.Confinement{
		Confined: c.Held(),
		Landlock: c.Landlock,
		User:     c.User,
		Why:      string(c.Why),
		Detail:   c.Detail,
	}
}

// paths makes the paths of a driver's entry absolute.
func (c *Config) paths(in []string) []string {
	var out []string
	for _, p := range in {
		out = append(out, c.Path(p))
	}
	return out
}
