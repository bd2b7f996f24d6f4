package messages

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// DeliveryReport is what the other side of a channel says of a letter after it took it. The letter is
// named by the ID that it was sent under, or by the other side's name for it.
type DeliveryReport struct {
	Letter string // the ID that it was sent under; "": Peer names it
	Peer   string // the other side's name for it
	State  State  // Delivered, Read or Failed
	Code   string // of a failure
}

// MaxReports is how many reports are taken at once.
const MaxReports = 1000

// Report takes what the other side of a channel reports, and returns the reports of letters that are
// not known (yet); only for system scopes. A state never goes back: the same report again, and one
// that comes late, change nothing. Where nothing of a step arrived, the next step is due.
func (v View) Report(
	ctx context.Context, ch g.ChannelID, all []DeliveryReport,
) (unknown []DeliveryReport, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	if len(all) > MaxReports {
		return nil, g.Errorf(g.Invalid, "at most %d reports are taken at once", MaxReports)
	}
	if len(all) == 0 {
		return nil, nil
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		unknown = nil
		for _, x := range all {
			of, err := reported(ctx, t, ch, x)
			if err != nil {
				return err
			}
			if of.sending == 0 {
				unknown = append(unknown, x)
				continue
			}
			if err := of.take(ctx, t, x); err != nil {
				return fmt.Errorf("take a report: %w", err)
			}
		}
		return nil
	})
	return unknown, err
}

// reportOf is the letter that a report is of; sending 0: none.
type reportOf struct {
	sending, recipient int64
	message            g.MessageID
	school             g.SchoolID
	state              State
}

func reported(
	ctx context.Context, t *store.Tx, ch g.ChannelID, x DeliveryReport,
) (of reportOf, err error) {
	where, args := "s.peer = ?", []any{string(ch), x.Peer}
	if x.Letter != "" {
		message, sending, ok := letterID(x.Letter)
		if !ok {
			return of, nil
		}
		where, args = "s.id = ? AND m.id = ?", []any{string(ch), sending, message}
	} else if x.Peer == "" {
		return of, nil
	}
	err = store.Each(ctx, t,
		"SELECT s.id, r.id, m.id, m.school, s.state FROM sendings s "+
			"JOIN recipients r ON r.id = s.recipient JOIN messages m ON m.id = r.message "+
			"WHERE s.channel = ? AND "+where+" ORDER BY s.id",
		args, func(scan func(...any) error) error {
			return scan(&of.sending, &of.recipient, &of.message, &of.school, &of.state)
		})
	if err != nil {
		return of, fmt.Errorf("find what a report is of: %w", err)
	}
	return of, nil
}

// IsLetterID says whether s has the form of the IDs that letters are sent under.
func IsLetterID(s string) bool {
	message, _, ok := letterID(s)
	return ok && strings.HasPrefix(message, "msg") && g.ValidID(message)
}

// letterID reads the ID that a letter was sent under.
func letterID(s string) (message string, sending int64, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseInt(s[i+1:], 10, 64)
	return s[:i], n, err == nil && n > 0
}

// take writes one report.
func (of reportOf) take(ctx context.Context, t *store.Tx, x DeliveryReport) error {
	switch {
	case of.state != Queued && of.state != Sent && of.state != Delivered,
		x.State == Delivered && of.state == Delivered,
		x.State == Failed && of.state == Delivered:
		return nil
	case x.State == Read:
		t.Change(change.Message, of.school, string(of.message), "state")
		return read(
			ctx,
			t,
			of.school,
			of.message,
			of.recipient,
			of.sending,
		)
	case x.State != Delivered && x.State != Failed:
		return nil
	}
	var delivered time.Time
	if x.State == Delivered {
		delivered = t.Now
	}
	if _, err := t.Exec(ctx,
		"UPDATE sendings SET state = ?, code = ?, delivered = ?, next = 0 WHERE id = ?", string(x.State),
		store.Clean(store.Short(x.Code)), store.Micros(delivered), of.sending); err != nil {
		return err
	}
	t.Change(change.Message, of.school, string(of.message), reportFields(x.State)...)
	return rise(ctx, t, of.recipient, x.State)
}

// reportFields are what a report changes: a failure makes a step due, for which the queue is woken.
func reportFields(s State) []string {
	if s == Failed {
		return nil
	}
	return []string{"state"}
}

// ReportToken is the secret part of the address to which a channel's other side reports.
func (v View) ReportToken(ctx context.Context, id g.ChannelID) (string, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return "", err
	}
	school, err := store.SchoolOf(ctx, v.s.Reg, "channels", "channel", string(id))
	if err != nil {
		return "", err
	}
	if err := in.Owns(school, "channel", string(id)); err != nil {
		return "", err
	}
	return v.r.reportToken(ctx, school, id)
}

func (r *Book) reportToken(ctx context.Context, school g.SchoolID, id g.ChannelID) (string, error) {
	k, err := r.s.Vault.School(ctx, r.s.Reg, school)
	if err != nil {
		return "", err
	}
	mac := k.Mac("reports", string(id))
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(mac[:18]), nil
}

// ReportingChannel is the channel with its secrets whose other side has the token; only for system
// scopes.
func (v View) ReportingChannel(ctx context.Context, token string) (Keyed, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Keyed{}, err
	}
	none := g.Errorf(g.NotFound, "no channel takes reports here: the address is incomplete, or the channel is gone")
	id, _, _ := strings.Cut(token, ".")
	if len(token) > 200 || !g.ValidID(id) {
		return Keyed{}, none
	}
	c, err := v.r.scanChannel(
		v.s.Reg.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", id).Scan)
	if err != nil {
		return Keyed{}, none
	}
	want, err := v.r.reportToken(ctx, c.School, c.ID)
	if err != nil {
		return Keyed{}, err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(token)) != 1 {
		return Keyed{}, none
	}
	return c, nil
}
