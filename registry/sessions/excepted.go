package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Excepted are the answers of some days of a school that somebody should check, without names, and
// without those that somebody has corrected.
func (v View) Excepted(
	ctx context.Context, school g.SchoolID, first, last g.Date,
) ([]g.Attendance, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	out := []g.Attendance{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM attendance WHERE school = ? AND date >= ? AND date <= ? "+
		"AND body LIKE '%\"exceptions\":[\"%' ORDER BY date, session, person",
		[]any{string(school), first.String(), last.String()}, func(scan func(...any) error) error {
			var b []byte
			if err := scan(&b); err != nil {
				return err
			}
			var a g.Attendance
			if err := json.Unmarshal(b, &a); err != nil {
				return err
			}
			if !slices.Contains(a.Reasons, "corrected") {
				out = append(out, a)
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list answers to check: %w", err)
	}
	return out, nil
}
