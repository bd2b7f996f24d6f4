package config

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// validateDrivers checks the drivers of the file and those of drivers_dir.
func (c *Config) validateDrivers() error {
	seen := map[g.DriverName]bool{g.DriverMQTTFront: true}
	for i, d := range c.Drivers {
		at := fmt.Sprintf("drivers[%d]", i)
		switch {
		case !g.ValidID(string(d.Name)):
			return d.errorf(at, "name", "%q is no name; use letters, digits, '-', '_' or '.'",
				d.Name)
		case seen[d.Name]:
			return d.errorf(at, "name", "%q is taken; each driver needs a name of its own", d.Name)
		case d.Path == "":
			return d.errorf(at, "path", "is missing; name the driver's program")
		case d.SHA256 != "" && !checksum.MatchString(d.SHA256):
			return d.errorf(at, "sha256", "is no SHA-256; `sha256sum %s` prints it", d.Path)
		case d.MemoryMiB != 0 && (d.MemoryMiB < 64 || d.MemoryMiB > 1<<20):
			return d.errorf(at, "memory_mib",
				"%d is out of range; 64 to 1048576 (MiB), or leave it out", d.MemoryMiB)
		}
		seen[d.Name] = true
	}
	return nil
}

// Unfit is the error that the program of Drivers[i] cannot be started.
func (c *Config) Unfit(i int, why error) error {
	d := c.Drivers[i]
	return d.errorf(fmt.Sprintf("drivers[%d]", i), "path", "driver %s: %v", d.Name, why)
}

// Specs are the driver programs, for the host that runs them.
func (c *Config) Specs() []host.Spec {
	out := make([]host.Spec, len(c.Drivers))
	for i, d := range c.Drivers {
		settings := map[string]string{}
		maps.Copy(settings, d.Settings)
		out[i] = host.Spec{
			Name:     d.Name,
			Path:     c.Path(d.Path),
			SHA256:   d.SHA256,
			Args:     d.Args,
			Settings: settings,
			Memory:   c.driverMemory(d),
			User:     d.User,
			Read:     c.paths(d.Read),
			Write:    c.paths(d.Write),
		}
	}
	return out
}

// cameraMemory is the camera driver's default memory limit in bytes: its models and pictures take
// more than a protocol does.
const cameraMemory = 4 << 30

func (c *Config) driverMemory(d Driver) int64 {
	if d.MemoryMiB == 0 && d.Name == c.Faces.Driver {
		return cameraMemory
	}
	return cmp.Or(d.MemoryMiB<<20, host.DefaultMemory)
}

// paths resolves the paths of a driver's entry.
func (c *Config) paths(in []string) []string {
	var out []string
	for _, p := range in {
		out = append(out, c.Path(p))
	}
	return out
}

// Confinement is how the host confines its programs: they may not read the data folder, the
// configuration file, or files with keys and tokens. launcher is a command line that calls
// confine.Become.
func (c *Config) Confinement(launcher []string) host.Confinement {
	secrets := []string{c.DataPath()}
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
		Launcher: launcher,
		Secrets:  secrets,
		Files:    c.Reach.Files,
		Serial:   c.Reach.Serial,
	}
}
