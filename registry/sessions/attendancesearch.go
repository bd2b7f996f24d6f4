package sessions

import (
	"context"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// searchAttendance lists the results of one session in which every word occurs in the class or,
// with people:read, the name. A page may have fewer rows than requested, or none, and still have a
// next cursor. It needs a session: one person's days are read by person, with a reason.
func (v View) searchAttendance(
	ctx context.Context, f AttendanceFilter,
) ([]AttendanceRow, string, error) {
	if f.Session == "" {
		return nil, "", g.FieldErrorf("q",
			"names are searched for within one session: give it too; one person's days are read "+
				"with person and a reason")
	}
	query, limit := f.Query, f.Size()
	f.Query, f.Limit = "", store.SearchStep
	out := []AttendanceRow{}
	for looked := 0; looked < store.SearchMost; {
		rows, next, err := v.Attendance(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for i, row := range rows {
			if !store.HasWords(query, row.Name, row.Class) {
				continue
			}
			out = append(out, row)
			if len(out) == limit && (next != "" || i < len(rows)-1) {
				return out, attendanceCursor(row), nil
			}
		}
		if next == "" {
			return out, "", nil
		}
		looked += len(rows)
		f.Cursor = next
	}
	return out, f.Cursor, nil
}

func attendanceCursor(r AttendanceRow) string {
	return store.Cursor(r.Date, string(r.Session), string(r.Person))
}

// asks reports whether the filter has words to search for.
func (f AttendanceFilter) asks() bool { return strings.TrimSpace(f.Query) != "" }
