package smpp

import (
	"hash/fnv"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// How much of a text goes into one short message (3GPP TS 23.040, section 9.2.3.24.1): septets of the
// GSM alphabet, and units of UCS-2; less where it is one of several parts.
const (
	wholeGSM, partGSM = 160, 153
	wholeUCS, partUCS = 70, 67
)

// most is how many bytes of a text are sent: seven parts in Chinese.
const most = 1400

// coded is a text as it is sent: its parts in one coding, in order.
type coded struct {
	coding data.Encoding
	parts  [][]byte
	whole  []byte
}

// code has the GSM alphabet, one character a byte, where it has all of the text's characters, else
// UCS-2. No character is cut by the end of a part: neither one that the GSM alphabet writes as two nor
// one outside of Unicode's basic plane.
func code(text string, ucs2 bool) (coded, error) {
	out := coded{coding: data.GSM7BIT}
	whole, part, size := wholeGSM, partGSM, gsmSize
	if ucs2 || len(data.ValidateGSM7String(text)) > 0 {
		out.coding, whole, part, size = data.UCS2, wholeUCS, partUCS, ucsSize
	}
	bytes, err := out.coding.Encode(text)
	if err != nil {
		return out, err
	}
	out.whole = bytes
	total := 0
	for _, r := range text {
		total += size(r)
	}
	if total <= whole {
		out.parts = [][]byte{bytes}
		return out, nil
	}
	filled, begun := 0, 0
	for i, r := range text {
		if filled+size(r) > part {
			if err := out.add(text[begun:i]); err != nil {
				return out, err
			}
			filled, begun = 0, i
		}
		filled += size(r)
	}
	return out, out.add(text[begun:])
}

func (c *coded) add(text string) error {
	bytes, err := c.coding.Encode(text)
	c.parts = append(c.parts, bytes)
	return err
}

func gsmSize(r rune) int {
	if data.IsEscapeChar(r) {
		return 2
	}
	return 1
}

func ucsSize(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// submits are the requests that send a text. The reference that joins its parts follows from the
// letter's ID: a telephone joins the parts of several attempts.
func (c *Channel) submits(id, to, text string) ([]*pdu.SubmitSM, error) {
	t, err := code(text, c.ucs2)
	if err != nil {
		return nil, err
	}
	if c.payload && len(t.parts) > 1 {
		one, err := c.submit(to, t.coding, nil)
		if err == nil {
			one.RegisterOptionalParam(pdu.Field{
				Tag:  pdu.TagMessagePayload,
				Data: t.whole,
			})
		}
		return []*pdu.SubmitSM{one}, err
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id))
	var out []*pdu.SubmitSM
	for i, part := range t.parts {
		one, err := c.submit(to, t.coding, part)
		if err != nil {
			return nil, err
		}
		if len(t.parts) > 1 {
			one.EsmClass |= data.SM_UDH_GSM
			one.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(t.parts)), byte(i+1), byte(sum.Sum32()))})
		}
		out = append(out, one)
	}
	return out, nil
}

// Types of number and numbering plans (SMPP 3.4, sections 5.2.5 and 5.2.6).
const (
	tonUnknown, tonInternational, tonName = 0, 1, 5
	npiUnknown, npiTelephone              = 0, 1
)

func (c *Channel) submit(to string, coding data.Encoding, part []byte) (*pdu.SubmitSM, error) {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	var err error
	if p.DestAddr, err = address(to); err != nil {
		return nil, err
	}
	if c.sender != "" {
		if p.SourceAddr, err = address(c.sender); err != nil {
			return nil, err
		}
	}
	if c.receipts {
		p.RegisteredDelivery = data.SM_SMSC_RECEIPT_REQUESTED
	}
	return p, p.Message.SetMessageDataWithEncoding(part, coding)
}

// address is a number with + as an international one, one without as the centre understands it, and
// anything else as a name.
func address(text string) (pdu.Address, error) {
	switch {
	case named(text):
		return pdu.NewAddressWithTonNpiAddr(tonName, npiUnknown, text)
	case text[0] == '+':
		return pdu.NewAddressWithTonNpiAddr(tonInternational, npiTelephone, text[1:])
	}
	return pdu.NewAddressWithTonNpiAddr(tonUnknown, npiTelephone, text)
}
