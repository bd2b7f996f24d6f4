package gatehouse

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Each kind of thing has an identifier type of its own, so that they cannot be confused. All are
// opaque, unique in one gateway and safe in a URL path.
type (
	SchoolID   string // a school or a district: sch_…
	SiteID     string // a campus or ground of a school: sit_…
	BuildingID string // bld_…
	FloorID    string // flo_…
	ZoneID     string // zon_…
	ProfileID  string // chosen by whoever wrote the profile, e.g. "smoke-heat-sensor"
	DeviceID   string // dev_…, or chosen by the operator
	DriverName string // the name under which the configuration knows a driver program
	PersonID   string // per_…
	PassID     string // pas_…
	UserID     string // usr_…: somebody who signs in
	KeyID      string // key_…: an API key
	WebhookID  string // whk_…
	ChannelID  string // chn_…: a way by which a school sends messages to people
	AddressID  string // adr_…: where somebody is reached
	MessageID  string // msg_…, deterministic where a program sends it
	RuleID     string // chosen by whoever wrote the rule, e.g. "smoke-and-heat"
	AlertID    string // alt_…, deterministic: hash of rule, subject and first event
	IncidentID string // inc_…
	LockdownID string // lck_…: one time at which a threat level stood
	SessionID  string // ses_…: an attendance session, not a login
	MediaID    string // med_…: evidence kept in the media store

	RotaID       string // rot_…
	OverrideID   string // ovr_…: a change of a rota for a time
	EscalationID string // esc_…: a chain of steps

	SuppressionID string // sup_…: a shelf or a maintenance window

	CalendarEntryID string // cal_…: some days of a school
	// pat_…: what sessions are made of
	SessionPatternID string
	// tpl_…: when the periods of a day are
	DayTemplateID string
	// tpd_…: some days that have a template
	TemplateDaysID string
	// chg_…: hash of pattern, day and period
	PatternChangeID string

	VisitID string // vis_…: somebody's visit to a school

	// BarredID is bar_…: somebody whom a school does not let in.
	BarredID string

	CollectorID string // col_…: somebody who may collect a pupil
	HandoverID  string // hov_…: somebody who came to the gate for one

	// LeaveRequestID is lea_…: leave that a guardian asks for.
	LeaveRequestID string

	// sgt_…, deterministic: hash of device, device sequence or time, subject and kind
	SightingID string
	// occ_…: hash of device, sequence, time and kind if the device numbers its messages; else
	// random
	OccurrenceID string
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(
	base32.NoPadding)

// NewID returns prefix + "_" + 16 random characters (80 bits). If the system has no randomness it
// crashes, as crypto/rand does.
func NewID(prefix string) string {
	var b [10]byte
	rand.Read(b[:])
	return prefix + "_" + idEncoding.EncodeToString(b[:])
}

// ValidID reports whether s can be an identifier chosen by people: 1 to 64 letters, digits, '-',
// '_' or '.', not beginning with '.'.
func ValidID(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' ||
			r == '_' || r == '.')
	}) < 0
}
