package sessions

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// AttendanceFilter selects attendance. Date is an operational day, YYYY-MM-DD.
type AttendanceFilter struct {
	store.Page
	School  g.SchoolID
	Session g.SessionID
	Person  g.PersonID
	Date    string
	Class   string
	State   g.AttendanceState
	Query   string // words, in any order, in name and class; with a session only
}

// AttendanceRow is a result with the person's name, which is empty without people:read.
type AttendanceRow struct {
	g.Attendance
	Name  string `json:"name"`
	Class string `json:"class"`
}

// Correction is a manual correction of a computed result.
type Correction struct {
	Session g.SessionID       `json:"session"`
	Person  g.PersonID        `json:"person"`
	State   g.AttendanceState `json:"state"`
	Reason  string            `json:"reason"`
	Actor   string            `json:"actor"`
	At      time.Time         `json:"at"`
}
