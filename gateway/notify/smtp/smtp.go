package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/textproto"
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
	before, cancel := context.WithTimeout(ctx, beforeDot)
	defer cancel()
	conn, out := c.connect(before)
	if conn == nil {
		return out
	}
	hangUp := func() { _ = conn.Text.Close() } // Close of conn would wait for the answer
	stop := context.AfterFunc(before, hangUp)
	f := content(conn, c.from.Address, l.To, m)
	if !stop() {
		_ = conn.Close()
		return f.outcome(l.To)
	}
	if f.err == nil {
		stop = context.AfterFunc(ctx, hangUp)
		f.err, f.at = f.dot.Close(), afterContent
		if !stop() {
			_ = conn.Close()
			return f.outcome(l.To)
		}
	}
	c.keep(conn, f)
	return f.outcome(l.To)
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
	if l.Stop != "" {                                  // RFC 8058: mail programs show a button for it
		m.SetGenHeader("List-Unsubscribe", "<"+l.Stop+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
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
func (c *Channel) keep(conn *wire.Client, f transfer) {
	if n := f.code(); f.err == nil || n >= 400 && n != 421 && f.at != inContent {
		if f.err == nil || conn.Reset() == nil {
			select {
			case c.idle <- conn:
				return
			default:
			}
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
