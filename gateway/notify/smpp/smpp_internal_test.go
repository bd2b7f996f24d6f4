package smpp

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Settings that cannot work are refused by the name of their field.
func TestSettings(t *testing.T) {
	for _, x := range []struct{ name, value, field string }{
		{"host", "http://smpp.example", "settings.host"},
		{"host", "smpp.example:2775", "settings.host"},
		{"port", "0", "settings.port"},
		{"system_id", "longer-than-fifteen", "settings.system_id"},
		{"system_type", "学校", "settings.system_type"},
		{"sender", "Riverside School", "settings.sender"},
		{"sender", "106901234567890123456", "settings.sender"},
		{"enquire_seconds", "a minute", "settings.enquire_seconds"},
		{"ca", "none", "settings.ca"},
		{"password", "longerthan8", "secrets.password"},
	} {
		s := post.Settings{
			Values:  map[string]string{"host": "smpp.example", "system_id": "gate"},
			Secrets: map[string]string{"password": "right"},
		}
		if x.name == "password" {
			s.Secrets[x.name] = x.value
		} else {
			s.Values[x.name] = x.value
		}
		_, err := read(s)
		var said *g.Error
		if !errors.As(err, &said) || said.Field != x.field {
			t.Errorf("%s %q: got %v, want an error of the field %s", x.name, x.value, err, x.field)
		}
	}
	s := post.Settings{Values: map[string]string{"host": "fd00::1", "system_id": "gate", "sender": "+861069"}}
	if got, err := read(s); err != nil || got.address != "[fd00::1]:3550" {
		t.Errorf("got %+v, %v, want it taken", got, err)
	}
}

// What a centre writes of a message is read by its parameters first, and of its text nothing that the
// letter itself says.
func TestReadReceipt(t *testing.T) {
	for _, x := range []struct {
		text   string
		fields map[pdu.Tag][]byte
		want   post.Report
		final  bool
	}{
		{
			"id:7f sub:001 submit date:2611280800 done date:2611280801 stat:DELIVRD err:000 text:stat:UNDELIV",
			nil, post.Report{Peer: "7f", State: messages.Delivered}, true,
		},
		{"ID:7f Stat:expired Err:0", nil, post.Report{Peer: "7f", State: messages.Failed, Code: "smpp EXPIRED"}, true},
		{"id:7f stat:ACCEPTD err:000", nil, post.Report{Peer: "7f"}, false},
		{
			"", map[pdu.Tag][]byte{pdu.TagReceiptedMessageID: []byte("9\x00"), pdu.TagMessageStateOption: {8}},
			post.Report{Peer: "9", State: messages.Failed, Code: "smpp REJECTD"}, true,
		},
		{
			"", map[pdu.Tag][]byte{pdu.TagMessagePayload: []byte("id:9 stat:DELIVRD")},
			post.Report{Peer: "9", State: messages.Delivered}, true,
		},
	} {
		p := pdu.NewDeliverSM().(*pdu.DeliverSM)
		p.EsmClass = data.SM_SMSC_DLV_RCPT_TYPE
		if err := p.Message.SetMessageDataWithEncoding([]byte(x.text), data.GSM7BIT); err != nil {
			t.Fatal(err)
		}
		for tag, value := range x.fields {
			p.RegisterOptionalParam(pdu.Field{Tag: tag, Data: value})
		}
		r, ok := readReceipt(p)
		got, final := r.report()
		if !ok || got != x.want || final != x.final {
			t.Errorf("%q: got %+v %v, want %+v %v", x.text, got, final, x.want, x.final)
		}
		p.EsmClass = 0
		if _, ok := readReceipt(p); ok {
			t.Errorf("%q: what somebody writes counts as a receipt", x.text)
		}
	}
}

// Whatever a centre writes, reading it ends and breaks nothing.
func FuzzFrames(f *testing.F) {
	deliver := pdu.NewDeliverSM().(*pdu.DeliverSM)
	deliver.EsmClass = data.SM_SMSC_DLV_RCPT_TYPE | data.SM_UDH_GSM
	_ = deliver.Message.SetMessageDataWithEncoding([]byte("\x05\x00\x03\x01\x02\x01id:1 stat:DELIVRD"), data.GSM7BIT)
	for _, p := range []pdu.PDU{
		deliver, pdu.NewEnquireLink(), pdu.NewUnbind(), pdu.NewSubmitSMResp(), pdu.NewSubmitMultiResp(),
		pdu.NewGenericNack(), pdu.NewBindTransceiverResp(), pdu.NewSubmitMulti(),
	} {
		b := pdu.NewBuffer(nil)
		p.Marshal(b)
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, all []byte) {
		s := &session{
			hear: func(p *pdu.DeliverSM) data.CommandStatusType {
				if r, ok := readReceipt(p); ok {
					r.report()
				}
				return data.ESME_ROK
			},
			waits: map[int32]waiting{},
			conn:  nobody{},
		}
		in := bufio.NewReader(bytes.NewReader(all))
		for {
			h, p, err := frame(in)
			if err != nil {
				return
			}
			if err := s.take(h, p); err != nil {
				return
			}
		}
	})
}

// nobody is a connection whose other side reads all and says nothing.
type nobody struct{ net.Conn }

func (nobody) Write(b []byte) (int, error)      { return len(b), nil }
func (nobody) SetWriteDeadline(time.Time) error { return nil }
