package smtp

import (
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// place says how far the transfer of a letter came.
type place int

const (
	atSender     place = iota // MAIL
	atRecipient               // RCPT
	inContent                 // DATA, up to the last dot
	afterContent              // after it: the server may have taken the letter
)

// transfer is how far a letter came on a connection, and what the server said there.
type transfer struct {
	at  place
	err error          // nil: it was taken, or its content is all but ended
	dot io.WriteCloser // ends the content; set where err is nil
}

// content hands a letter over up to its last dot.
func content(conn *wire.Client, from, to string, m *gomail.Msg) (f transfer) {
	for at, say := range []func() error{
		func() error { return conn.Mail("<" + from + ">") },
		func() error { return conn.Rcpt("<" + to + ">") },
	} {
		f.at = place(at)
		if f.err = conn.UpdateDeadline(answerWithin); f.err != nil {
			return f
		}
		if f.err = say(); f.err != nil {
			return f
		}
	}
	f.at = inContent
	if f.err = conn.UpdateDeadline(answerWithin); f.err != nil {
		return f
	}
	if f.dot, f.err = conn.Data(); f.err != nil {
		return f
	}
	if _, f.err = m.WriteTo(f.dot); f.err != nil {
		return f
	}
	f.err = conn.UpdateDeadline(afterDot)
	return f
}

// code is what the server answered; 0: nothing.
func (f transfer) code() int {
	var said *textproto.Error
	if errors.As(f.err, &said) {
		return said.Code
	}
	return 0
}

// outcome reads a server's answer (RFC 5321, section 4.2): 4yz asks to try again, 5yz not to. What it
// says of the sender, or with 421, is about all letters. Where it says nothing after the last dot,
// nobody knows whether it took the letter.
func (f transfer) outcome(to string) post.Outcome {
	if f.err == nil {
		return post.Outcome{Code: "smtp 250"}
	}
	var said *textproto.Error
	if !errors.As(f.err, &said) {
		if f.at == afterContent {
			return post.Outcome{
				Verdict: post.Unsure,
				Code:    "smtp unsure",
				Err:     errors.New("the mail server did not say whether it took the letter"),
			}
		}
		return post.Outcome{
			Verdict: post.Later,
			Code:    "smtp broken",
			Err:     errors.New(strings.ReplaceAll(f.err.Error(), to, "…")),
		}
	}
	out := post.Outcome{
		Verdict: post.Later,
		Code:    fmt.Sprintf("smtp %d", said.Code),
		Err: fmt.Errorf("the mail server answered %d %s", said.Code,
			strings.ReplaceAll(said.Msg, to, "…")),
	}
	switch {
	case said.Code == 421 || f.at == atSender:
		out.Verdict = post.Away
	case said.Code < 500:
	case f.at == atRecipient && strings.HasPrefix(said.Msg, "5.1.1"): // RFC 3463: no such mailbox
		out.Verdict = post.Lost
	default:
		out.Verdict = post.Refused
	}
	return out
}
