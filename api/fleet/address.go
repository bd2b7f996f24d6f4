package fleet

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// addressed checks a device's address and secret against its driver's fields and returns the
// address with defaults filled in, as the console's form does. Entries that are the same in old,
// the address so far, are accepted as they are. With changed, required secrets must be in secret;
// else the stored ones are kept.
func (s *area) addressed(
	d g.Device, old map[string]string, secret map[string]string, changed bool,
) (map[string]string, error) {
	if s.fleet == nil || d.Driver == g.DriverMQTTFront {
		return d.Address, withoutSecrets(d.Address)
	}
	info, err := s.driver(d.Driver)
	if err != nil {
		return nil, err
	}
	if len(info.Address) == 0 && info.Version == "" && len(d.Address) > 0 &&
		!maps.Equal(d.Address, old) {
		return nil, g.Errorf(g.Unavailable,
			"the driver %s is %s and has not said yet what it needs of a device; try again when "+
				"it runs%s",
			d.Driver, info.State, because(info.Reason))
	}
	fields := map[string]Field{}
	for _, f := range info.Address {
		fields[f.Key] = f
	}
	for _, key := range slices.Sorted(maps.Keys(d.Address)) {
		if err := stands(
			fields,
			info,
			key,
			d.Address[key],
			old,
		); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(secret)) {
		if f, known := fields[key]; !known || !f.Secret {
			return nil, g.FieldErrorf("secret."+key,
				"the driver %s has no secret field %q; it has %s", d.Driver, key,
				listWords(keysOf(info.Address, true)))
		}
	}
	out := maps.Clone(d.Address)
	if out == nil {
		out = map[string]string{}
	}
	for _, f := range info.Address {
		switch {
		case f.Secret && f.Required && changed && secret[f.Key] == "":
			return nil, g.FieldErrorf("secret."+f.Key, "the driver %s needs it: %s", d.Driver,
				f.Title)
		case f.Secret || out[f.Key] != "":
		case f.Default != "":
			out[f.Key] = f.Default
		case f.Required:
			return nil, g.FieldErrorf("address."+f.Key, "the driver %s needs it: %s", d.Driver,
				f.Title)
		}
	}
	return out, withoutSecrets(out)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// driver finds a driver of the configuration, running or not.
func (s *area) driver(name g.DriverName) (DriverInfo, error) {
	all := s.fleet.Drivers()
	names := []string{string(g.DriverMQTTFront)}
	for _, info := range all {
		if info.Name == name {
			return info, nil
		}
		names = append(names, string(info.Name))
	}
	slices.Sort(names)
	return DriverInfo{}, g.FieldErrorf("driver", "there is no driver %q; there are %s", name,
		strings.Join(names, ", "))
}

// stands checks one entry of an address; one that is the same in old is accepted.
func stands(
	fields map[string]Field, info DriverInfo, key, value string, old map[string]string,
) error {
	f, known := fields[key]
	at := "address." + key
	was, had := old[key]
	switch {
	case known && f.Secret:
		return g.FieldErrorf(at, "this is a secret: give it in secret, where it is kept encrypted")
	case had && was == value || value == "":
		return nil
	case !known:
		return g.FieldErrorf(at, "the driver %s has no such field; it has %s", info.Name,
			listWords(keysOf(info.Address, false)))
	}
	if err := f.wrong(value); err != nil {
		return err.At(at)
	}
	return nil
}

func keysOf(fields []Field, secret bool) []string {
	var keys []string
	for _, f := range fields {
		if f.Secret == secret {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

func listWords(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// withoutSecrets refuses a name and password inside an address, where they would be shown to
// everybody who may see the device.
func withoutSecrets(address map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(address)) {
		if u, err := url.Parse(address[key]); err == nil && u.User != nil {
			return g.FieldErrorf("address."+key,
				"the address holds a name or password: write it without, and give them in their "+
					"own fields or in secret")
		}
	}
	return nil
}

// wrong says what is wrong with a value of the field; nil where nothing is.
func (f Field) wrong(value string) *g.Error {
	switch f.Kind {
	case "port":
		if !isPort(value) {
			return g.Errorf(g.Invalid, "this is no port: a number from 1 to 65535")
		}
	case "int":
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err != nil && !f.bounded():
			return g.Errorf(g.Invalid, "give a whole number")
		case err != nil, f.bounded() && (float64(n) < f.Min || float64(n) > f.Max):
			return g.Errorf(g.Invalid, "give a whole number, from %s to %s", plain(f.Min),
				plain(f.Max))
		}
	case "duration":
		d, err := time.ParseDuration(value)
		switch {
		case err != nil && !f.bounded():
			return g.Errorf(g.Invalid, "give a time such as 500ms, 5s or 1h30m")
		case err != nil, f.bounded() && (d.Seconds() < f.Min || d.Seconds() > f.Max):
			return g.Errorf(g.Invalid,
				"give a time such as 500ms, 5s or 1h30m, from %s to %s seconds", plain(f.Min),
				plain(f.Max))
		}
	case "choice":
		if !slices.Contains(f.Options, value) {
			return g.Errorf(g.Invalid, "choose one of %s", strings.Join(f.Options, ", "))
		}
	case "timezone":
		if !gate.ValidTimezone(value) {
			return g.Errorf(g.Invalid,
				"this is no IANA time zone; write it like Asia/Shanghai")
		}
	case "network":
		return wrongNetwork(value)
	case "url":
		return f.wrongURL(value)
	case "host":
		return f.wrongHost(value)
	}
	return nil
}

func (f Field) bounded() bool { return f.Min != 0 || f.Max != 0 }

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535
}

func wrongNetwork(value string) *g.Error {
	if _, err := netip.ParsePrefix(value); err == nil {
		return nil
	}
	if _, err := netip.ParseAddr(value); err == nil {
		return nil
	}
	return g.Errorf(g.Invalid,
		"give an IP address such as 10.1.4.30 or a network such as 10.1.4.0/24")
}

func (f Field) wrongURL(value string) *g.Error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Path == "":
		return g.Errorf(g.Invalid, "this is no address; write it like %s://host/path",
			firstOr(f.Options, "https"))
	case len(f.Options) > 0 && !slices.Contains(f.Options, u.Scheme):
		return g.Errorf(g.Invalid, "the address begins with %s://; it can begin with %s://",
			u.Scheme, strings.Join(f.Options, "://, "))
	case u.Port() != "" && !isPort(u.Port()):
		return wrongPort(u.Port())
	}
	return nil
}

func wrongPort(port string) *g.Error {
	return g.Errorf(g.Invalid, "the port %s is none: a number from 1 to 65535", port)
}

func (f Field) wrongHost(value string) *g.Error {
	if strings.Contains(value, "://") {
		return f.wrongURL(value)
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		host = strings.Trim(value, "[]")
	} else if !isPort(port) {
		return wrongPort(port)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if host == "" || strings.ContainsAny(host, " \t/:@?#") {
		return g.Errorf(g.Invalid, "write a host or host:port, such as 10.1.4.30:502")
	}
	return nil
}

func firstOr(words []string, otherwise string) string {
	if len(words) > 0 {
		return words[0]
	}
	return otherwise
}
