package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// notShown stands for a value that may be or contain a secret.
const notShown = "…"

// Change is one key that differs.
type Change struct {
	Key, From, To string
	Restart       bool // takes effect at a restart only
}

// Changes lists the keys in which a newer configuration differs, in the order of Config's fields,
// and drivers by name. It shows no settings or arguments of drivers, and no user or query of a URL,
// since they may hold secrets.
func Changes(old, now *Config) []Change {
	var out []Change
	a, b := reflect.ValueOf(*old), reflect.ValueOf(*now)
	for i := range a.NumField() {
		key := yamlKey(a.Type().Field(i))
		switch key {
		case "":
		case "drivers":
			out = append(out, driverChanges(old, now)...)
		default:
			out = append(out, valueChanges(key, a.Field(i), b.Field(i))...)
		}
	}
	for i := range out {
		out[i].Restart = !reloads(old, now, out[i].Key)
	}
	return out
}

// yamlKey is a field's key in the file; "" if it has none.
func yamlKey(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func valueChanges(key string, a, b reflect.Value) []Change {
	if a.Kind() == reflect.Struct {
		var out []Change
		for i := range a.NumField() {
			if name := yamlKey(a.Type().Field(i)); name != "" {
				out = append(out, valueChanges(key+"."+name, a.Field(i), b.Field(i))...)
			}
		}
		return out
	}
	if reflect.DeepEqual(a.Interface(), b.Interface()) {
		return nil
	}
	return []Change{{
		Key:  key,
		From: shown(a),
		To:   shown(b),
	}}
}

// shown is a value as a person would write it, without parts that may be secret.
func shown(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case string:
		u, err := url.Parse(x)
		if err != nil || u.Host == "" {
			return x
		}
		if u.User != nil {
			u.User = url.User(notShown)
		}
		if u.RawQuery != "" {
			u.RawQuery = notShown
		}
		return u.String()
	}
	return fmt.Sprint(v.Interface())
}

// driverChanges compares drivers by their names.
func driverChanges(old, now *Config) []Change {
	var out []Change
	for _, a := range old.Drivers {
		i := slices.IndexFunc(now.Drivers, func(b Driver) bool { return b.Name == a.Name })
		if i < 0 {
			out = append(out, Change{
				Key:  driverKey(a.Name),
				From: old.Path(a.Path),
			})
			continue
		}
		out = append(out, driverChange(old, now, a, now.Drivers[i])...)
	}
	for _, b := range now.Drivers {
		if !slices.ContainsFunc(old.Drivers, func(a Driver) bool {
			return a.Name == b.Name
		}) {
			out = append(out, Change{
				Key: driverKey(b.Name),
				To:  now.Path(b.Path),
			})
		}
	}
	return out
}

func driverKey(name g.DriverName) string { return "drivers." + string(name) }

func driverChange(old, now *Config, a, b Driver) []Change {
	var out []Change
	add := func(key, from, to string) {
		out = append(out, Change{
			Key:  driverKey(a.Name) + "." + key,
			From: from,
			To:   to,
		})
	}
	if x, y := old.Path(a.Path), now.Path(b.Path); x != y {
		add("path", x, y)
	}
	for _, f := range []struct{ key, from, to string }{
		{"sha256", a.SHA256, b.SHA256},
		{"memory_mib", fmt.Sprint(a.MemoryMiB), fmt.Sprint(b.MemoryMiB)},
		{"user", a.User, b.User},
		{"read", strings.Join(a.Read, " "), strings.Join(b.Read, " ")},
		{"write", strings.Join(a.Write, " "), strings.Join(b.Write, " ")},
	} {
		if f.from != f.to {
			add(f.key, f.from, f.to)
		}
	}
	if !slices.Equal(a.Args, b.Args) {
		add("args", notShown, notShown)
	}
	for _, key := range settingKeys(a, b) {
		x, had := a.Settings[key]
		y, has := b.Settings[key]
		if x != y || had != has {
			add("settings."+key, hidden(had), hidden(has))
		}
	}
	return out
}

func settingKeys(a, b Driver) []string {
	var out []string
	for _, settings := range []map[string]string{a.Settings, b.Settings} {
		for key := range settings {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func hidden(there bool) string {
	if there {
		return notShown
	}
	return ""
}

// reloads says whether a key takes effect without a restart.
func reloads(old, now *Config, key string) bool {
	switch key {
	case "log.level", "drivers_dir",
		"http.max_connections", "http.max_per_address",
		"mqtt.max_per_address", "mqtt.device_rate", "mqtt.school_rate", "mqtt.max_clients",
		"history.keep_for", "media.keep_for",
		"faces.driver", "faces.threshold", "faces.margin":
		return true
	case "mqtt.client_ca", "mqtt.require_certificate":
		// certificates are requested before and after
		return old.MQTT.ClientCA != "" && now.MQTT.ClientCA != ""
	}
	return strings.HasPrefix(key, "drivers.")
}

// Taken is the old configuration with those changes of the newer one that need no restart.
func Taken(old, now *Config) Config {
	c := *old
	c.Log.Level = now.Log.Level
	c.History, c.Media, c.Faces = now.History, now.Media, now.Faces
	c.HTTP.MaxConnections, c.HTTP.MaxPerAddress = now.HTTP.MaxConnections, now.HTTP.MaxPerAddress
	c.MQTT.MaxClients, c.MQTT.MaxPerAddress = now.MQTT.MaxClients, now.MQTT.MaxPerAddress
	c.MQTT.DeviceRate, c.MQTT.SchoolRate = now.MQTT.DeviceRate, now.MQTT.SchoolRate
	if old.MQTT.ClientCA != "" && now.MQTT.ClientCA != "" {
		c.MQTT.ClientCA, c.MQTT.RequireCertificate = now.MQTT.ClientCA, now.MQTT.RequireCertificate
	}
	c.DriversDir, c.Drivers = now.DriversDir, now.Drivers
	return c
}
