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
