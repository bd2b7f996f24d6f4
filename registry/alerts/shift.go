package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// ShiftNote is what one shift tells the next: what stood when it was given, and in words. It is
// signed by who gives it and by who takes it, and never changes afterwards.
type ShiftNote struct {
	ID          string        `json:"id"`
	School      g.SchoolID    `json:"school"`
	Text        string        `json:"text,omitempty"`
	Given       time.Time     `json:"given"`
	GivenBy     g.UserID      `json:"given_by"`
	GivenByName string        `json:"given_by_name"`
	Taken       time.Time     `json:"taken,omitzero"`
	TakenBy     g.UserID      `json:"taken_by,omitempty"`
	TakenByName string        `json:"taken_by_name,omitempty"`
	Remark      string        `json:"remark,omitempty"` // of who took it
	Standing    ShiftStanding `json:"standing"`
	Version     int           `json:"version"`
}

// ShiftStanding is what is not over in a school at a time. Lists hold the most urgent; the counts are of
// all.
type ShiftStanding struct {
	At            time.Time          `json:"at"`
	Incidents     []StandingIncident `json:"incidents" nullable:"false"` // open and contained
	IncidentCount int                `json:"incident_count"`
	Open          []StandingAlert    `json:"open" nullable:"false"`
	OpenCount     int                `json:"open_count"`
	Acknowledged  []StandingAlert    `json:"acknowledged" nullable:"false"`
	AckCount      int                `json:"acknowledged_count"`
	// resolved by a person while the condition holds
	Silenced      []StandingAlert `json:"silenced" nullable:"false"`
	SilencedCount int             `json:"silenced_count"`
	// shelves and maintenance windows that hide alerts now, or will within a day
	Hidden      []StandingSuppression `json:"hidden" nullable:"false"`
	HiddenCount int                   `json:"hidden_count"`
	// who has how many alerts in hand, or is to see to them
	Holders []ShiftHolder `json:"holders" nullable:"false"`
}

// StandingIncident is an incident that is not over.
type StandingIncident struct {
	ID       g.IncidentID    `json:"id"`
	Title    string          `json:"title"`
	TitleZH  string          `json:"title_zh,omitempty"`
	Severity g.Severity      `json:"severity"`
	State    g.IncidentState `json:"state"`
	Drill    bool            `json:"drill,omitempty"`
	Opened   time.Time       `json:"opened"`
	Alerts   int             `json:"alerts"`
	Done     int             `json:"steps_done"`
	Steps    int             `json:"steps"` // that an answer leads to
	// the first step that is not done
	Next   string `json:"next,omitempty"`
	NextZH string `json:"next_zh,omitempty"`
}

// StandingAlert is an alert that is not over.
type StandingAlert struct {
	ID         g.AlertID    `json:"id"`
	Title      string       `json:"title"`
	TitleZH    string       `json:"title_zh,omitempty"`
	Severity   g.Severity   `json:"severity"`
	Drill      bool         `json:"drill,omitempty"`
	Firing     bool         `json:"firing"`
	Opened     time.Time    `json:"opened"`
	ZoneName   string       `json:"zone_name,omitempty"`
	DeviceName string       `json:"device_name,omitempty"`
	Handler    string       `json:"handler_name,omitempty"`
	Assignee   string       `json:"assignee_name,omitempty"`
	AckUntil   time.Time    `json:"ack_until,omitzero"`
	Comment    string       `json:"comment,omitempty"`
	Incident   g.IncidentID `json:"incident,omitempty"`
}

// ShiftHolder is somebody who holds alerts.
type ShiftHolder struct {
	ID       g.UserID `json:"id"`
	Name     string   `json:"name"`
	Handles  int      `json:"handles"`
	Assigned int      `json:"assigned"`
}

// listed is how many rows a list of a ShiftStanding holds.
const listed = 100

// maxShiftText is how many characters a shift note has.
const maxShiftText = 8000

// Standing returns what is not over in a school; "" is the scope's own.
func (v View) Standing(ctx context.Context, school g.SchoolID, now time.Time) (ShiftStanding, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return ShiftStanding{}, err
	}
	if school == "" {
		school = v.s.School
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return ShiftStanding{}, err
	}
	return v.standing(ctx, v.s.Reg, school, now)
}

func (v View) standing(
	ctx context.Context, c store.Conn, school g.SchoolID, now time.Time,
) (out ShiftStanding, err error) {
	out.At = store.Moment(store.Micros(now))
	if out.Incidents, out.IncidentCount, err = v.standingIncidents(ctx, c, school); err != nil {
		return out, err
	}
	out.Open, out.OpenCount, err = v.standingAlerts(ctx, c, school, "state = 'open' AND hidden = ''")
	if err != nil {
		return out, err
	}
	out.Acknowledged, out.AckCount, err = v.standingAlerts(ctx, c, school,
		"state = 'acknowledged' AND hidden = ''")
	if err != nil {
		return out, err
	}
	out.Silenced, out.SilencedCount, err = v.standingAlerts(ctx, c, school,
		"state IN ('resolved', 'closed') AND firing = 1")
	if err != nil {
		return out, err
	}
	out.Hidden, out.HiddenCount, err = v.standingHidden(ctx, c, school, now)
	if err != nil {
		return out, err
	}
	out.Holders, err = v.holding(ctx, c, school)
	return out, err
}

func (v View) standingIncidents(
	ctx context.Context, c store.Conn, school g.SchoolID,
) (out []StandingIncident, n int, err error) {
	const where = " FROM incidents WHERE school = ? AND state <> 'closed'"
	err = c.Row(ctx, "SELECT COUNT(*)"+where, string(school)).Scan(&n)
	if err != nil {
		return nil, 0, fmt.Errorf("count incidents: %w", err)
	}
	out = []StandingIncident{}
	err = store.Each(ctx, c, "SELECT id, effect_seq, body_sealed"+where+
		" ORDER BY opened DESC, id DESC LIMIT ?", []any{string(school), listed},
		func(scan func(...any) error) error {
			i, _, err := v.r.scanIncident(scan)
			out = append(out, standingIncident(i))
			return err
		})
	if err != nil {
		return nil, 0, fmt.Errorf("list incidents: %w", err)
	}
	return out, n, nil
}

func standingIncident(i g.Incident) StandingIncident {
	x := StandingIncident{
		ID:       i.ID,
		Title:    i.Title,
		TitleZH:  i.TitleZH,
		Severity: i.Severity,
		State:    i.State,
		Drill:    i.Drill,
		Opened:   i.Opened,
		Alerts:   len(i.Alerts),
	}
	for _, s := range i.Steps {
		switch {
		case s.Skipped:
			continue
		case s.Done:
			x.Done++
		case x.Next == "":
			x.Next, x.NextZH = s.Text, s.TextZH
		}
		x.Steps++
	}
	return x
}

func (v View) standingAlerts(
	ctx context.Context, c store.Conn, school g.SchoolID, condition string,
) (out []StandingAlert, n int, err error) {
	var w store.Where
	w.And("school = ?", string(school))
	w.And(condition)
	v.unseen(&w)
	v.notFeigned(&w)
	where := " FROM alerts" + w.String()
	if err := c.Row(ctx, "SELECT COUNT(*)"+where, w.Args...).Scan(&n); err != nil {
		return nil, 0, fmt.Errorf("count alerts: %w", err)
	}
	var rows []g.Alert
	err = store.Each(ctx, c, "SELECT "+alertColumns+where+byUrgency+" LIMIT ?",
		append(w.Args, listed), func(scan func(...any) error) error {
			a, _, err := v.r.scanAlert(scan)
			rows = append(rows, a)
			return err
		})
	if err != nil {
		return nil, 0, fmt.Errorf("list alerts: %w", err)
	}
	zones, devices, err := v.placesOf(ctx, c, rows)
	if err != nil {
		return nil, 0, err
	}
	out = []StandingAlert{}
	for _, a := range rows {
		out = append(out, StandingAlert{
			ID:         a.ID,
			Title:      a.Title,
			TitleZH:    a.TitleZH,
			Severity:   a.Severity,
			Drill:      a.Drill,
			Firing:     a.Firing,
			Opened:     a.Opened,
			ZoneName:   zones[a.Zone],
			DeviceName: devices[a.Device].Name,
			Handler:    a.HandlerName,
			Assignee:   a.AssigneeName,
			AckUntil:   a.AckUntil,
			Comment:    a.Comment,
			Incident:   a.Incident,
		})
	}
	return out, n, nil
}

// placesOf names the zones and devices of alerts.
func (v View) placesOf(
	ctx context.Context, c store.Conn, rows []g.Alert,
) (map[g.ZoneID]string, map[g.DeviceID]g.Device, error) {
	var zoneIDs []g.ZoneID
	var deviceIDs []g.DeviceID
	for _, a := range rows {
		if a.Zone != "" {
			zoneIDs = append(zoneIDs, a.Zone)
		}
		if a.Device != "" {
			deviceIDs = append(deviceIDs, a.Device)
		}
	}
	zones, err := places.ZoneNames(ctx, c, zoneIDs)
	if err != nil {
		return nil, nil, err
	}
	devices, err := fleet.SomeDevices(ctx, c, deviceIDs)
	return zones, devices, err
}

// holding lists who holds alerts on the wall.
func (v View) holding(ctx context.Context, c store.Conn, school g.SchoolID) ([]ShiftHolder, error) {
	out := []ShiftHolder{}
	at := map[g.UserID]int{}
	const where = " FROM alerts WHERE school = ? AND state IN ('open', 'acknowledged') AND "
	for _, column := range []string{"handler", "assignee"} {
		err := store.Each(ctx, c, "SELECT "+column+", COUNT(*)"+where+column+" <> '' GROUP BY "+
			column+" ORDER BY "+column, []any{string(school)}, func(scan func(...any) error) error {
			var id g.UserID
			n := 0
			if err := scan(&id, &n); err != nil {
				return err
			}
			i, known := at[id]
			if !known {
				i = len(out)
				at[id] = i
				out = append(out, ShiftHolder{ID: id})
			}
			if column == "handler" {
				out[i].Handles = n
			} else {
				out[i].Assigned = n
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list who holds alerts: %w", err)
		}
	}
	for i := range out {
		u, err := access.UserRow(ctx, v.r.access, c, out[i].ID)
		switch {
		case g.ErrorCode(err) == g.NotFound:
			out[i].Name = string(out[i].ID)
		case err != nil:
			return nil, err
		default:
			out[i].Name = cmp.Or(u.FullName, u.Name)
		}
	}
	return out, nil
}

// GiveShift writes a shift note with what stands now. A person gives it, not a program.
func (v View) GiveShift(
	ctx context.Context, school g.SchoolID, by g.User, text string,
) (n ShiftNote, err error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return n, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return n, err
	}
	if err := shiftText("text", text); err != nil {
		return n, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		u, err := v.signs(ctx, t, by)
		if err != nil {
			return err
		}
		standing, err := v.standing(ctx, t, school, t.Now)
		if err != nil {
			return err
		}
		n = ShiftNote{
			ID:          g.NewID("sft"),
			School:      school,
			Text:        text,
			Given:       standing.At,
			GivenBy:     u.ID,
			GivenByName: u.FullName,
			Standing:    standing,
		}
		return v.keepShift(ctx, t, &n, "shift.give")
	})
	return n, err
}

// TakeShift signs for a shift note: another person than the one who gave it.
func (v View) TakeShift(
	ctx context.Context, id string, version int, by g.User, remark string,
) (n ShiftNote, err error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return n, err
	}
	if err := shiftText("remark", remark); err != nil {
		return n, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if n, err = v.shift(ctx, t, in, id); err != nil {
			return err
		}
		u, err := v.signs(ctx, t, by)
		switch {
		case err != nil:
			return err
		case !n.Taken.IsZero():
			return g.Errorf(g.Conflict, "%s has taken the shift already", n.TakenByName)
		case n.Version != version:
			return g.Errorf(g.Conflict,
				"the note has changed meanwhile: it is at version %d; look at it again",
				n.Version).At("version")
		case u.ID == n.GivenBy:
			return g.Errorf(g.Forbidden, "whoever gives a shift cannot take it: somebody else signs")
		}
		n.Taken, n.TakenBy = store.Moment(store.Micros(t.Now)), u.ID
		n.TakenByName, n.Remark = u.FullName, remark
		return v.keepShift(ctx, t, &n, "shift.take")
	})
	return n, err
}

// signs is the person who signs a shift note.
func (v View) signs(ctx context.Context, t *store.Tx, by g.User) (g.User, error) {
	u, err := access.Acting(ctx, v.access, t, by)
	if err == nil && u.ID == "" {
		err = g.Errorf(g.Forbidden, "a shift is given and taken by a person, not by a program")
	}
	return u, err
}

func shiftText(field, s string) error {
	if len([]rune(s)) > maxShiftText {
		return g.FieldErrorf(field, "the text has %d characters; at most %d are kept",
			len([]rune(s)), maxShiftText)
	}
	if strings.ContainsRune(s, 0) {
		return g.FieldErrorf(field, "the text is not UTF-8 text")
	}
	return nil
}

func (v View) keepShift(ctx context.Context, t *store.Tx, n *ShiftNote, deed string) error {
	n.Version++
	b, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write shift note: %w", err)
	}
	_, err = t.Exec(ctx,
		`INSERT INTO shift_notes (id, school, given, taken, version, body_sealed) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET taken = excluded.taken, version = excluded.version,
			body_sealed = excluded.body_sealed`,
		n.ID, string(n.School), store.Micros(n.Given), store.Micros(n.Taken), n.Version,
		store.Seal(v.r.s.Vault.Data, b, "shift note "+n.ID))
	if err != nil {
		return fmt.Errorf("write shift note: %w", err)
	}
	return v.s.Audit(
		ctx,
		t,
		n.School,
		deed,
		n.ID,
	)
}

// shift reads a note in scope.
func (v View) shift(
	ctx context.Context, c store.Conn, in store.Reach, id string,
) (ShiftNote, error) {
	n, err := v.r.scanShift(
		c.Row(ctx, "SELECT id, body_sealed FROM shift_notes WHERE id = ?", id).Scan)
	if err != nil {
		return n, store.Missing(err, "shift note", id)
	}
	return n, in.Owns(n.School, "shift note", id)
}

func (r *Book) scanShift(scan func(...any) error) (n ShiftNote, err error) {
	var id string
	var sealed []byte
	if err := scan(&id, &sealed); err != nil {
		return n, err
	}
	b, err := store.Unseal(r.s.Vault.Data, sealed, "shift note "+id)
	if err != nil {
		return n, err
	}
	err = json.Unmarshal(b, &n)
	n.Standing.Hidden = orNone(n.Standing.Hidden) // a version before did not list it
	return n, err
}

// Shift returns one shift note.
func (v View) Shift(ctx context.Context, id string) (ShiftNote, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return ShiftNote{}, err
	}
	return v.shift(ctx, v.s.Reg, in, id)
}

// Shifts lists shift notes, newest first.
func (v View) Shifts(
	ctx context.Context, school g.SchoolID, page store.Page,
) ([]ShiftNote, string, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, "", err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, "", err
	}
	if err := newestFirst(&w, page, "given", "id"); err != nil {
		return nil, "", err
	}
	out := []ShiftNote{}
	err = store.Each(ctx, v.s.Reg, "SELECT id, body_sealed FROM shift_notes"+w.String()+
		" ORDER BY given DESC, id DESC LIMIT ?", append(w.Args, page.Size()+1),
		func(scan func(...any) error) error {
			n, err := v.r.scanShift(scan)
			out = append(out, n)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list shift notes: %w", err)
	}
	out, next := store.Cut(out, page.Size(), func(n ShiftNote) string {
		return store.Cursor(store.Digits(store.Micros(n.Given)), n.ID)
	})
	return out, next, nil
}
