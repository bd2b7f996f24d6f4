package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// How long the server has. After a letter's last dot many look for spam before they answer; whoever
// hangs up then gets copies delivered (RFC 5321, section 4.5.3.2.6, asks for ten minutes).
const (
	answerWithin = 10 * time.Second // for each of its answers
	beforeDot    = 30 * time.Second // for all of them up to the letter's content
	afterDot     = 5 * time.Minute  // to say that it took the letter
)

// kept is how many connections are kept for the next letters.
const kept = 8

// Kind is this kind of channel.
func Kind() post.Kind {
	return post.Kind{
		Name: "smtp",
		Fields: []post.Field{
			{Name: "host", Needed: true},
			{Name: "port"},
			{Name: "security", Options: []string{"starttls", "tls", "none"}},
			{Name: "from", Needed: true},
			{Name: "username"},
			{Name: "password", Secret: true},
			{Name: "ca"},
		},
		Lasts: beforeDot + afterDot,
		Open:  func(s post.Settings) (post.Channel, error) { return Open(s) },
	}
}

// Open makes a channel of settings. It connects to nothing yet.
func Open(s post.Settings) (*Channel, error) {
	from, err := mail.ParseAddress(s.Values["from"])
	if err != nil {
		return nil, g.FieldErrorf("settings.from",
			"this is no e-mail address; write it like Riverside School <gate@school.example>")
	}
	host := s.Values["host"]
	if host == "" || strings.ContainsAny(host, "/:@ ") {
		return nil, g.FieldErrorf("settings.host", "give the mail server's name, like mail.school.example")
	}
	security := s.Values["security"]
	options := []gomail.Option{gomail.WithTimeout(answerWithin)}
	port := 587
	switch security {
	case "tls":
		port = 465
		options = append(options, gomail.WithSSL())
	case "none":
		port = 25
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if text := s.Values["port"]; text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, g.FieldErrorf("settings.port", "a port is a number from 1 to 65535")
		}
	}
	options = append(options, gomail.WithPort(port))
	if pem := s.Values["ca"]; pem != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(pem)) {
			return nil, g.FieldErrorf("settings.ca",
				"this is no certificate: give that of the school's own authority as PEM, from -----BEGIN on")
		}
		options = append(options, gomail.WithTLSConfig(&tls.Config{
			ServerName: host,
			RootCAs:    roots,
			MinVersion: tls.VersionTLS12,
		}))
	}
	if user := s.Values["username"]; user != "" {
		if security == "none" {
			return nil, g.FieldErrorf("settings.security",
				"a password goes over TLS only: use starttls or tls, or leave the name out")
		}
		options = append(options,
			gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(user),
			gomail.WithPassword(s.Secrets["password"]))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, g.FieldErrorf("settings.host", "the mail server cannot be used: %s", err.Error())
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Channel{
		client: client,
		from:   from,
		domain: domain,
		idle:   make(chan *wire.Client, kept),
	}, nil
}
