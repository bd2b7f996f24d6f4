package smpp

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name: "smpp",
		Fields: []post.Field{
			{Name: "host", Needed: true},
			{Name: "port"},
			{Name: "security", Options: []string{"tls", "none"}},
			{Name: "system_id", Needed: true},
			{Name: "password", Secret: true, Needed: true},
			{Name: "system_type"},
			{Name: "sender"},
			{Name: "long_texts", Options: []string{"parts", "payload"}},
			{Name: "alphabet", Options: []string{"gsm7", "ucs2"}},
			{Name: "receipts", Options: []string{"same", "decimal", "off"}},
			{Name: "enquire_seconds"},
			{Name: "ca"},
		},
		Open: func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// settings are a channel's, checked.
type settings struct {
	address    string // host and port
	tls        *tls.Config
	private    bool
	systemID   string
	password   string
	systemType string
	sender     string
	payload    bool // long texts go whole, in message_payload
	ucs2       bool // no text goes in the GSM alphabet
	receipts   bool
	decimal    bool // receipts name in decimal what answers name in hexadecimal
	enquire    time.Duration
}

// Lengths of SMPP 3.4, sections 4.1.1 and 4.4.1, without the zero at their end.
const (
	mostSystemID   = 15
	mostPassword   = 8
	mostSystemType = 12
	mostSender     = 20
	mostLetters    = 11 // of a sender that is a name: 3GPP TS 23.040, section 9.1.2.5
)

func read(s post.Settings) (settings, error) {
	v := s.Values
	out := settings{
		private:    s.Private,
		systemID:   v["system_id"],
		password:   s.Secrets["password"],
		systemType: v["system_type"],
		sender:     v["sender"],
		payload:    v["long_texts"] == "payload",
		ucs2:       v["alphabet"] == "ucs2",
		receipts:   v["receipts"] != "off",
		decimal:    v["receipts"] == "decimal",
		enquire:    30 * time.Second,
	}
	host, port := v["host"], 3550
	if host == "" || strings.ContainsAny(host, "/@ ") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return out, g.FieldErrorf("settings.host", "give the message centre's name, like smpp.operator.example")
	}
	if v["security"] == "none" {
		port = 2775
	} else {
		out.tls = &tls.Config{
			ServerName: host,
			MinVersion: tls.VersionTLS12,
		}
	}
	if text := v["port"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			return out, g.FieldErrorf("settings.port", "a port is a number from 1 to 65535")
		}
		port = n
	}
	out.address = net.JoinHostPort(host, strconv.Itoa(port))
	if text := v["enquire_seconds"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 300 {
			return out, g.FieldErrorf("settings.enquire_seconds", "give a number of seconds from 1 to 300")
		}
		out.enquire = time.Duration(n) * time.Second
	}
	if pem := v["ca"]; pem != "" && out.tls != nil {
		out.tls.RootCAs = x509.NewCertPool()
		if !out.tls.RootCAs.AppendCertsFromPEM([]byte(pem)) {
			return out, g.FieldErrorf("settings.ca",
				"this is no certificate: give that of the school's own authority as PEM, from -----BEGIN on")
		}
	}
	return out, out.check()
}

// check refuses what does not fit into the fields of a bind or of a message.
func (s settings) check() error {
	for _, x := range []struct {
		field, value string
		most         int
	}{
		{"settings.system_id", s.systemID, mostSystemID},
		{"secrets.password", s.password, mostPassword},
		{"settings.system_type", s.systemType, mostSystemType},
		{"settings.sender", s.sender, mostSender},
	} {
		if len(x.value) > x.most || strings.ContainsFunc(x.value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return g.FieldErrorf(x.field, "give at most %d Latin letters, digits and signs", x.most)
		}
	}
	if named(s.sender) && len(s.sender) > mostLetters {
		return g.FieldErrorf("settings.sender", "a sender that is a name has at most %d letters", mostLetters)
	}
	return nil
}

// named says whether a sender is a name and no number.
func named(sender string) bool {
	return strings.ContainsFunc(strings.TrimPrefix(sender, "+"), func(r rune) bool { return r < '0' || r > '9' })
}
