package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// Channel sends by one mail server. It is safe for several goroutines.
type Channel struct {
	client *gomail.Client
	from   *mail.Address
	domain string
	idle   chan *wire.Client // connections for the next letters
}

// Send sends one letter.
func (c *Channel) Send(ctx context.Context, l post.Letter) post.Outcome {
	m, err := c.message(l)
	if err != nil {
		return post.Outcome{
			Verdict: post.Refused,
			Code:    "bad_address",
			Err:     err,
		}
	}
	conn, out := c.connect(ctx)
	if conn == nil {
		return out
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = c.client.SendWithSMTPClient(conn, m)
	if !stop() {
		_ = conn.Close()
	} else {
		c.keep(conn, err)
	}
	if err == nil || m.IsDelivered() {
		return post.Outcome{Code: "smtp 250"}
	}
	return outcome(err, l.To)
}

// message is the letter as mail. Its Message-ID and Date are the same in each attempt.
func (c *Channel) message(l post.Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(c.from)
	if err := m.To(l.To); err != nil {
		return nil, errors.New("this is no e-mail address")
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID + "@" + c.domain)
	m.SetDateWithValue(l.Made)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer by machines
	if l.Urgent {
		m.SetImportance(gomail.ImportanceUrgent)
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	return m, nil
}

// connect takes a kept connection that still answers, or makes one.
func (c *Channel) connect(ctx context.Context) (*wire.Client, post.Outcome) {
	for {
		select {
		case conn := <-c.idle:
			if conn.UpdateDeadline(answerWithin) == nil && conn.Noop() == nil {
				return conn, post.Outcome{}
			}
			_ = conn.Close()
			continue
		default:
		}
		conn, err := c.client.DialToSMTPClientWithContext(ctx)
		if err != nil {
			return nil, unreached(err)
		}
		return conn, post.Outcome{}
	}
}

// keep keeps a connection for the next letter, unless it broke or enough are kept.
func (c *Channel) keep(conn *wire.Client, err error) {
	if err == nil || code(err) >= 400 && code(err) != 421 {
		select {
		case c.idle <- conn:
			return
		default:
		}
	}
	_ = conn.Close()
}

// unreached is what a failure to connect, to make TLS or to sign in means: nothing can be sent now.
func unreached(err error) post.Outcome {
	out := post.Outcome{
		Verdict: post.Away,
		Code:    "smtp unreachable",
		Err:     err,
	}
	var said *textproto.Error
	if errors.As(err, &said) {
		out.Code = fmt.Sprintf("smtp %d", said.Code)
		out.Err = fmt.Errorf("the mail server answered %d %s", said.Code, said.Msg)
		if said.Code == 535 || said.Code == 534 {
			out.Pause = time.Minute // a wrong password is not right a second later
		}
	}
	return out
}

func code(err error) int {
	var e *gomail.SendError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return 0
}

// outcome reads a server's answer (RFC 5321, section 4.2): 4yz asks to try again, 5yz not to. What it
// says of the sender, or with 421, is about all letters.
func outcome(err error, to string) post.Outcome {
	n := code(err)
	text := strings.ReplaceAll(err.Error(), to, "…")
	text, _, _ = strings.Cut(text, ", affected")
	out := post.Outcome{
		Verdict: post.Later,
		Code:    fmt.Sprintf("smtp %d", n),
		Err:     errors.New(text),
	}
	var e *gomail.SendError
	errors.As(err, &e)
	switch {
	case n == 0:
		out.Code = "smtp broken" // the connection ended
	case n == 421 || e.Reason == gomail.ErrSMTPMailFrom:
		out.Verdict = post.Away
	case n < 500:
	case strings.HasPrefix(e.EnhancedStatusCode(), "5.1.1"): // RFC 3463: no such mailbox
		out.Verdict = post.Lost
	default:
		out.Verdict = post.Refused
	}
	return out
}
