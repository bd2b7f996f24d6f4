package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

// LeastConnections is the lowest limit of connections that a listener may have.
const LeastConnections = 8

// Validate checks the values; the error's field is the key.
func (c *Config) Validate() error {
	if c.DataDir == "" {
		return g.FieldErrorf("data_dir", "is empty; name the folder where everything is kept")
	}
	for _, check := range []func() error{
		c.Log.validate,
		c.validateAddresses,
		c.validateTLS,
		c.validateBounds,
		c.validateDrivers,
		c.Journal.validate,
		c.Telemetry.validate,
		c.Faces.validate,
		c.validateKeeping,
		c.Audit.validate,
		c.Flapping.validate,
		c.Reach.validate,
		c.Confine.validate,
		c.plainText,
		c.Quality.validate,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Log) validate() error {
	switch c.Level {
	case "debug", "info", "warn", "error":
	default:
		return g.FieldErrorf("log.level", "%q is no level; use debug, info, warn or error", c.Level)
	}
	if c.Format != "text" && c.Format != "json" {
		return g.FieldErrorf("log.format", "%q is no format; use text or json", c.Format)
	}
	return nil
}

func (c *Config) validateTLS() error {
	for key, t := range map[string]TLS{"http.tls": c.HTTP.TLS, "mqtt.tls": c.MQTT.TLS} {
		if (t.Certificate == "") != (t.Key == "") {
			return g.FieldErrorf(key, "name both certificate and key, or neither")
		}
	}
	if c.MQTT.ListenTLS != "" && c.MQTT.TLS.Certificate == "" && c.HTTP.TLS.Certificate == "" {
		return g.FieldErrorf("mqtt.listen_tls", "needs a certificate: set mqtt.tls or http.tls")
	}
	if c.MQTT.ClientCA != "" && c.MQTT.ListenTLS == "" {
		return g.FieldErrorf("mqtt.client_ca",
			"needs mqtt.listen_tls: certificates are shown over TLS only")
	}
	if c.MQTT.RequireCertificate && c.MQTT.ClientCA == "" {
		return g.FieldErrorf("mqtt.require_certificate",
			"needs mqtt.client_ca: the authorities whose certificates count")
	}
	return nil
}

// validateBounds checks how many may connect, and how much they may send.
func (c *Config) validateBounds() error {
	if c.MQTT.MaxClients < 1 || c.MQTT.MaxClients > 1_000_000 {
		return g.FieldErrorf("mqtt.max_clients", "%d is out of range; 1 to 1000000 clients",
			c.MQTT.MaxClients)
	}
	for key, n := range map[string]int{
		"http.max_connections": c.HTTP.MaxConnections,
		"http.max_per_address": c.HTTP.MaxPerAddress,
		"mqtt.max_per_address": c.MQTT.MaxPerAddress,
	} {
		if n < LeastConnections || n > 1_000_000 {
			return g.FieldErrorf(key, "%d is out of range; %d to 1000000 connections", n,
				LeastConnections)
		}
	}
	for key, rate := range map[string]int{
		"mqtt.device_rate": c.MQTT.DeviceRate,
		"mqtt.school_rate": c.MQTT.SchoolRate,
	} {
		if rate < 0 || rate > 1_000_000 {
			return g.FieldErrorf(key,
				"%d is out of range; 1 to 1000000 messages a second, or 0 for no bound", rate)
		}
	}
	return nil
}

func (c Journal) validate() error {
	if c.MaxBytes < 512<<20 {
		return g.FieldErrorf("journal.max_bytes", "%d is too small; at least %d (512 MiB)",
			c.MaxBytes, 512<<20)
	}
	if c.MaxAge < time.Hour {
		return g.FieldErrorf("journal.max_age", "%s is too short; at least 1h", c.MaxAge)
	}
	if c.Shards < 1 || c.Shards > 16 {
		return g.FieldErrorf("journal.shards", "%d is out of range; 1 to 16", c.Shards)
	}
	return nil
}

func (t Telemetry) validate() error {
	switch t.Store {
	case "embedded":
	case "influx", "victoria":
		if err := t.validateServer(); err != nil {
			return err
		}
	default:
		return g.FieldErrorf("telemetry.store", "%q is no store; use embedded, influx or victoria",
			t.Store)
	}
	if _, ok := t.Classes["default"]; !ok {
		return g.FieldErrorf("telemetry.classes", "needs a class named default")
	}
	for name, keep := range t.Classes {
		if !g.ValidID(name) || keep < 2*time.Hour {
			return g.FieldErrorf("telemetry.classes",
				"class %q: a name of letters and digits, and at least 2h", name)
		}
	}
	if t.LateBy < 0 {
		return g.FieldErrorf("telemetry.late_by", "is negative")
	}
	return nil
}

func (t Telemetry) validateServer() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return g.FieldErrorf("telemetry.url",
			"is no address of a server; write e.g. http://127.0.0.1:8428")
	}
	if err := checkPort("telemetry.url", u); err != nil {
		return err
	}
	if u.User != nil {
		return g.FieldErrorf("telemetry.url",
			"holds a user or a password; set telemetry.username and telemetry.token_file")
	}
	if t.Store == "influx" && t.Bucket == "" {
		return g.FieldErrorf("telemetry.bucket", "is empty; name InfluxDB's bucket")
	}
	return nil
}

func (c Faces) validate() error {
	if c.Threshold < 0.2 || c.Threshold > 0.95 {
		return g.FieldErrorf("faces.threshold", "%v is out of range; 0.2 to 0.95", c.Threshold)
	}
	if c.Margin < 0 || c.Margin > 0.5 {
		return g.FieldErrorf("faces.margin", "%v is out of range; 0 to 0.5", c.Margin)
	}
	return nil
}

func (c *Config) validateKeeping() error {
	if c.Media.KeepFor < time.Hour {
		return g.FieldErrorf("media.keep_for", "%s is too short; at least 1h", c.Media.KeepFor)
	}
	if c.Messages.KeepFor < 7*24*time.Hour {
		return g.FieldErrorf("messages.keep_for", "%s is too short; at least 168h", c.Messages.KeepFor)
	}
	if c.History.KeepFor < 24*time.Hour {
		return g.FieldErrorf("history.keep_for", "%s is too short; at least 24h", c.History.KeepFor)
	}
	return nil
}

func (c Audit) validate() error {
	if c.AnchorEvery < time.Minute || c.AnchorEvery > 7*24*time.Hour {
		return g.FieldErrorf("audit.anchor_every", "%s is out of range; 1m to 168h", c.AnchorEvery)
	}
	if c.AnchorURL == "" {
		return nil
	}
	u, err := url.Parse(c.AnchorURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return g.FieldErrorf("audit.anchor_url",
			"is no address of a server; write e.g. https://log.example/gatehouse")
	}
	return nil
}

func (c Flapping) validate() error {
	if c.Changes < 4 || c.Changes > 1000 {
		return g.FieldErrorf("flapping.changes", "%d is out of range; 4 to 1000 changes of state",
			c.Changes)
	}
	for key, d := range map[string]time.Duration{
		"flapping.within": c.Within,
		"flapping.quiet":  c.Quiet,
	} {
		if d < time.Second || d > 24*time.Hour {
			return g.FieldErrorf(key, "%s is out of range; 1s to 24h", d)
		}
	}
	return nil
}

func (c Reach) validate() error {
	for key, paths := range map[string][]string{"reach.serial": c.Serial, "reach.files": c.Files} {
		for _, p := range paths {
			if !filepath.IsAbs(p) || p == "/" {
				return g.FieldErrorf(key, "%q is no beginning of a path; write e.g. /dev/serial/",
					p)
			}
		}
	}
	return nil
}

func (c Confine) validate() error {
	modes := []string{string(host.ConfineTry), string(host.ConfineRequire), string(host.ConfineOff)}
	if !slices.Contains(modes, c.Mode) {
		return g.FieldErrorf("confine.mode",
			"%q is no way to confine drivers; use try, require or off", c.Mode)
	}
	return nil
}

func (c Quality) validate() error {
	if c.LateAfter < time.Second {
		return g.FieldErrorf("quality.late_after", "%s is too short; at least 1s", c.LateAfter)
	}
	from, err := clockTime(c.From)
	if err != nil {
		return g.FieldErrorf("quality.from", "%q is no time of day; write it as 06:30", c.From)
	}
	to, err := clockTime(c.To)
	if err != nil {
		return g.FieldErrorf("quality.to",
			"%q is no time of day; write it as 22:00, or 24:00 for midnight", c.To)
	}
	if to <= from {
		return g.FieldErrorf("quality.to", "%s is not after quality.from, %s", c.To, c.From)
	}
	return nil
}
