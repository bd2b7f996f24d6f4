package registry

import (
	"context"
	"encoding/json"
	"io"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

var errNotBuilt = g.Errorf(g.Unavailable, "this part of the registry is not built yet")

func (v *View) ImportPeople(ctx context.Context, school g.SchoolID, csv io.Reader, dryRun bool) (ImportReport, error) {
	return ImportReport{}, errNotBuilt
}
func (v *View) Webhooks(ctx context.Context, school g.SchoolID) ([]g.Webhook, error) {
	return nil, errNotBuilt
}
func (v *View) CreateWebhook(ctx context.Context, w g.Webhook) (g.Webhook, string, error) {
	return g.Webhook{}, "", errNotBuilt
}
func (v *View) UpdateWebhook(ctx context.Context, w g.Webhook) error    { return errNotBuilt }
func (v *View) DeleteWebhook(ctx context.Context, id g.WebhookID) error { return errNotBuilt }
func (v *View) WebhookSecret(ctx context.Context, id g.WebhookID) (string, error) {
	return "", errNotBuilt
}
func (v *View) QueueDeliveries(ctx context.Context, ds []Delivery) error { return errNotBuilt }
func (v *View) DueDeliveries(ctx context.Context, now time.Time, limit int) ([]Delivery, error) {
	return nil, errNotBuilt
}
func (v *View) SaveDelivery(ctx context.Context, d Delivery) error { return errNotBuilt }
func (v *View) Deliveries(ctx context.Context, id g.WebhookID, p Page) ([]Delivery, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) Redeliver(ctx context.Context, id int64) error { return errNotBuilt }
func (v *View) Setting(ctx context.Context, school g.SchoolID, key string) (json.RawMessage, bool, error) {
	return nil, false, errNotBuilt
}
func (v *View) PutSetting(ctx context.Context, school g.SchoolID, key string, value json.RawMessage) error {
	return errNotBuilt
}
func (v *View) Sessions(ctx context.Context, school g.SchoolID, from, to time.Time) ([]g.Session, error) {
	return nil, errNotBuilt
}
func (v *View) PutSession(ctx context.Context, s g.Session) (g.Session, error) {
	return g.Session{}, errNotBuilt
}
func (v *View) DeleteSession(ctx context.Context, id g.SessionID) error { return errNotBuilt }
func (v *View) Leaves(ctx context.Context, school g.SchoolID, from, to time.Time) ([]g.Leave, error) {
	return nil, errNotBuilt
}
func (v *View) PutLeave(ctx context.Context, l g.Leave) (g.Leave, error) {
	return g.Leave{}, errNotBuilt
}
func (v *View) DeleteLeave(ctx context.Context, id string) error { return errNotBuilt }
func (v *View) Roster(ctx context.Context, s g.Session) ([]RosterEntry, error) {
	return nil, errNotBuilt
}
func (v *View) Attendance(ctx context.Context, f AttendanceFilter) ([]AttendanceRow, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) AttendanceSummary(ctx context.Context, session g.SessionID) (map[g.AttendanceState]int, error) {
	return nil, errNotBuilt
}
func (v *View) PutAttendance(ctx context.Context, rows []g.Attendance) ([]g.Attendance, error) {
	return nil, errNotBuilt
}
func (v *View) Correct(ctx context.Context, c Correction) error { return errNotBuilt }
func (v *View) Corrections(ctx context.Context, session g.SessionID) ([]Correction, error) {
	return nil, errNotBuilt
}
func (v *View) ApplyHistory(ctx context.Context, events []g.Event) error { return errNotBuilt }
func (v *View) Sightings(ctx context.Context, f SightingFilter) ([]SightingRow, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) Rejections(ctx context.Context, f RejectionFilter) ([]RejectionRow, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) StatusLog(ctx context.Context, device g.DeviceID, p Page) ([]StatusRow, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) SightingsBetween(ctx context.Context, school g.SchoolID, from, to time.Time, persons []g.PersonID) ([]SightingRow, error) {
	return nil, errNotBuilt
}
func (v *View) ApplyEffects(ctx context.Context, e Effects) error      { return errNotBuilt }
func (v *View) RulesState(ctx context.Context) (uint64, []byte, error) { return 0, nil, errNotBuilt }
func (v *View) Alerts(ctx context.Context, f AlertFilter) ([]AlertRow, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) Alert(ctx context.Context, id g.AlertID) (AlertRow, error) {
	return AlertRow{}, errNotBuilt
}
func (v *View) Acknowledge(ctx context.Context, id g.AlertID, version int, by g.User) (g.Alert, error) {
	return g.Alert{}, errNotBuilt
}
func (v *View) Resolve(ctx context.Context, id g.AlertID, version int, by g.User, comment string) (g.Alert, error) {
	return g.Alert{}, errNotBuilt
}
func (v *View) CloseAlert(ctx context.Context, id g.AlertID, version int, by g.User, comment string) (g.Alert, error) {
	return g.Alert{}, errNotBuilt
}
func (v *View) Incidents(ctx context.Context, f IncidentFilter) ([]g.Incident, string, error) {
	return nil, "", errNotBuilt
}
func (v *View) Incident(ctx context.Context, id g.IncidentID) (g.Incident, error) {
	return g.Incident{}, errNotBuilt
}
func (v *View) ApproveHandover(ctx context.Context, id g.IncidentID, version int, by g.User, approve bool, comment string) (g.Incident, error) {
	return g.Incident{}, errNotBuilt
}
func (v *View) StepDone(ctx context.Context, id g.IncidentID, step int, by g.User) (g.Incident, error) {
	return g.Incident{}, errNotBuilt
}
func (v *View) CloseIncident(ctx context.Context, id g.IncidentID, version int, by g.User, comment string) (g.Incident, error) {
	return g.Incident{}, errNotBuilt
}
func (v *View) Outbox(ctx context.Context, limit int) ([]OutboxRow, error) { return nil, errNotBuilt }
func (v *View) DeleteOutbox(ctx context.Context, upTo []int64) error       { return errNotBuilt }
