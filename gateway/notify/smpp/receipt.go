package smpp

import (
	"strconv"
	"strings"
	"sync"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// receipt is what a centre says later of a message.
type receipt struct {
	id, state, code string
}

// states are the message states of SMPP 3.4, section 5.2.28, as receipts write them.
func states() []string {
	return []string{
		"", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD",
	}
}

// readReceipt reads a receipt: its parameters where it has them, else its text (SMPP 3.4, appendix B).
func readReceipt(p *pdu.DeliverSM) (r receipt, ok bool) {
	if p.EsmClass&0x3c != data.SM_SMSC_DLV_RCPT_TYPE {
		return r, false // what somebody writes
	}
	text, _ := p.Message.GetMessageData()
	if f, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok && len(text) == 0 {
		text = f.Data
	}
	said := words(string(text))
	r = receipt{said["id"], strings.ToUpper(said["stat"]), said["err"]}
	if f, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		r.id = strings.TrimRight(string(f.Data), "\x00")
	}
	f := p.OptionalParameters[pdu.TagMessageStateOption]
	if all := states(); len(f.Data) == 1 && int(f.Data[0]) < len(all) {
		r.state = all[f.Data[0]]
	}
	return r, r.id != "" && len(r.id) <= 100
}

// words reads "id:1 stat:DELIVRD err:000 text:…"; what comes after text: is the letter's own.
func words(text string) map[string]string {
	out := map[string]string{}
	if i := strings.Index(strings.ToLower(text), "text:"); i >= 0 {
		text = text[:i]
	}
	for _, w := range strings.Fields(text) {
		if name, value, ok := strings.Cut(w, ":"); ok {
			out[strings.ToLower(name)] = value
		}
	}
	return out
}

// report is what a receipt means; false where it says nothing final.
func (r receipt) report() (post.Report, bool) {
	out := post.Report{Peer: r.id}
	switch r.state {
	case "DELIVRD":
		out.State = messages.Delivered
		return out, true
	case "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
		out.State, out.Code = messages.Failed, "smpp "+r.state
		if strings.Trim(r.code, "0") != "" && len(r.code) <= 10 {
			out.Code += " " + r.code
		}
		return out, true
	}
	return out, false
}

// mostParts is how many messages are remembered that are parts of a letter.
const mostParts = 20_000

// parts knows which messages are parts of which letter, until their receipts came or there are too
// many: then the oldest go, and so they do with a restart. A letter is then told to have arrived by
// its last part, whose name the registry has.
type parts struct {
	mu    sync.Mutex
	of    map[string]*letter
	order []string
}

// letter is one in several parts.
type letter struct {
	id   string
	left int // parts that have not arrived
}

// add notes that the centre calls a part of a letter so.
func (p *parts) add(id string, l *letter) {
	if l == nil || id == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.order) >= mostParts {
		delete(p.of, p.order[0])
		p.order = p.order[1:]
	}
	p.of[id], p.order = l, append(p.order, id)
}

// tell hands on what is said of a message; of a part its letter has arrived once all of them have, and
// has failed with the first that does. It is false where there was no room for the report.
func (p *parts) tell(x post.Report, report func([]post.Report) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	part, l := x.Peer, p.of[x.Peer]
	switch {
	case l == nil:
		return report([]post.Report{x})
	case x.State == messages.Delivered && l.left > 1:
		l.left--
		delete(p.of, part)
		return true
	}
	x.Letter, x.Peer = l.id, ""
	if !report([]post.Report{x}) {
		return false
	}
	delete(p.of, part)
	return true
}

// named is a message's name as answers and receipts both have it.
func (c *Channel) named(id string, receipt bool) string {
	if !c.decimal {
		return id
	}
	base := 16
	if receipt {
		base = 10
	}
	n, err := strconv.ParseUint(id, base, 64)
	if err != nil {
		return id
	}
	return strconv.FormatUint(n, 10)
}

// hear takes what the centre delivers, and says what it is answered: that it may forget it, or is to
// deliver it again.
func (c *Channel) hear(p *pdu.DeliverSM) data.CommandStatusType {
	r, ok := readReceipt(p)
	if !ok || c.report == nil {
		return data.ESME_ROK
	}
	r.id = c.named(r.id, true)
	said, ok := r.report()
	if !ok {
		return data.ESME_ROK
	}
	if !c.parts.tell(said, c.report) {
		return data.ESME_RX_T_APPN
	}
	return data.ESME_ROK
}
