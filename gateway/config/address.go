package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// validateAddresses refuses addresses on which nothing can listen (a port out of range, an invalid
// host, one address for two listeners) and a base_url that no browser can open.
func (c *Config) validateAddresses() error {
	taken := map[string]string{}
	for _, l := range []struct{ key, addr string }{
		{"http.listen", c.HTTP.Listen},
		{"mqtt.listen", c.MQTT.Listen},
		{"mqtt.listen_tls", c.MQTT.ListenTLS},
	} {
		if l.addr == "" && l.key != "http.listen" {
			continue
		}
		host, port, err := net.SplitHostPort(l.addr)
		if err != nil {
			return g.FieldErrorf(l.key,
				"%q is no address; write host:port, e.g. 127.0.0.1:8080, or :8080 for every "+
					"interface",
				l.addr)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return g.FieldErrorf(l.key, "%q is no port; use 1 to 65535, or 0 for any that is free",
				port)
		}
		if strings.ContainsAny(host, " /@") {
			return g.FieldErrorf(l.key,
				"%q is no host; write an address of this machine, e.g. 127.0.0.1", host)
		}
		if other := taken[l.addr]; other != "" && port != "0" {
			return g.FieldErrorf(l.key,
				"%q is %s already; each listener needs an address of its own", l.addr, other)
		}
		taken[l.addr] = l.key
	}
	if c.HTTP.BaseURL == "" {
		return nil
	}
	u, err := url.Parse(c.HTTP.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		return g.FieldErrorf("http.base_url",
			"%q is no address of a page; write e.g. https://gatehouse.school.example",
			c.HTTP.BaseURL)
	}
	return checkPort("http.base_url", u)
}

// checkPort refuses a URL with an invalid port; without a port it has the scheme's.
func checkPort(key string, u *url.URL) error {
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return g.FieldErrorf(key, "%q is no port; use 1 to 65535", u.Port())
	}
	return nil
}
