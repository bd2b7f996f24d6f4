package smpp

import (
	"errors"
	"fmt"
	"time"

	"github.com/linxGnu/gosmpp/data"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

func codeOf(s data.CommandStatusType) string { return fmt.Sprintf("smpp %#02x", uint32(s)) }

// unbound is what a failure to connect or to be bound means: nothing can be sent now.
func unbound(err error) post.Outcome {
	out := post.Outcome{
		Verdict: post.Away,
		Code:    "smpp unreachable",
		Err:     err,
	}
	var said refusal
	if errors.As(err, &said) {
		out.Code = codeOf(data.CommandStatusType(said))
		out.Pause = time.Minute // a wrong password is not right a second later
	}
	return out
}

// broken is what a connection means that ended before the answer. Nobody knows whether the centre took
// what was sent.
func broken(err error, sent bool) post.Outcome {
	if !sent {
		return post.Outcome{
			Verdict: post.Later,
			Code:    "smpp broken",
			Err:     err,
		}
	}
	return post.Outcome{
		Verdict: post.Unsure,
		Code:    "smpp unsure",
		Err:     fmt.Errorf("the message centre did not say whether it took the letter: %w", err),
	}
}

// refused is what a status of the centre means for a letter (SMPP 3.4, section 5.1.3).
func refused(s data.CommandStatusType) post.Outcome {
	out := post.Outcome{
		Verdict: post.Refused,
		Code:    codeOf(s),
		Err:     refusal(s),
	}
	switch s {
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL: // too many at a time
		out.Verdict, out.Pause = post.Away, 5*time.Second
	case data.ESME_RINVBNDSTS:
		out.Verdict = post.Away
	case data.ESME_RINVSRCADR, data.ESME_RINVSRCTON, data.ESME_RINVSRCNPI, data.ESME_RINVSYSTYP,
		data.ESME_RINVSERTYP, data.ESME_RPROVNOTALLWD, data.ESME_RINVREGDLVFLG: // the sender or the account
		out.Verdict, out.Pause = post.Away, time.Minute
	case data.ESME_RSYSERR, data.ESME_RSUBMITFAIL, data.ESME_RX_T_APPN:
		out.Verdict = post.Later
	}
	return out
}
