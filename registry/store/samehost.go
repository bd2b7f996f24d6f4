package store

import (
	"net"
	"net/url"
	"strings"
)

// SameHost reports whether two addresses have the same scheme, host and port.
func SameHost(before, after string) bool {
	a, okA := origin(before)
	b, okB := origin(after)
	return okA && okB && a == b
}

// origin is the scheme, host and port of an address such as rtsp://10.0.0.5:554/1. ok is false if
// it is no address, or if parsers could disagree about it.
func origin(s string) (o string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.Opaque != "" || u.User != nil ||
		strings.ContainsAny(s, "\\@") {
		return "", false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{
			"http":  "80",
			"https": "443",
			"rtsp":  "554",
			"rtsps": "322",
			"ws":    "80",
			"wss":   "443",
			"tcp":   "1883",
			"mqtt":  "1883",
			"ssl":   "8883",
			"tls":   "8883",
			"mqtts": "8883",
		}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" +
		net.JoinHostPort(strings.ToLower(u.Hostname()), port), true
}
