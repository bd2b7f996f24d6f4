package api_test

import (
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// A reason is required by the data and not by the page: one child's passages and
// attendance need one by whichever endpoint they are read, and each access is audited. The
// same holds for reasons of leaves.
func TestAChildsMovementsNeedAReason(t *testing.T) {
	w := newWorld(t).schools()
	teacher, admin := w.user(w.a, g.RoleTeacher), w.user(w.a, g.RoleAdmin)
	for path, deed := range map[string]string{
		"/v1/sightings":  "person.sightings",
		"/v1/attendance": "person.attendance",
	} {
		one := path + "?person=" + w.ids["student"]
		for _, reason := range []string{"", "&reason=.", "&reason=xxxxxx"} {
			if p := teacher.do("GET", one+reason, nil).want(422).problem(); len(p.Errors) != 1 ||
				p.Errors[0].Field != "reason" {
				t.Errorf("%s%s: got %+v, want an error of the reason", one, reason, p)
			}
		}
		teacher.do("GET", one+"&reason=parent+asks", nil).want(200)
		teacher.do("GET", path, nil).want(200)
		var log struct{ Items []g.AuditEntry }
		admin.do("GET", "/v1/audit?deed="+deed, nil).want(200).into(&log)
		if len(log.Items) != 1 || log.Items[0].Reason != "parent asks" ||
			log.Items[0].Object != w.ids["student"] {
			t.Errorf("%s: got %+v, want one entry with the reason", deed, log.Items)
		}
	}
	teacher.do("POST", "/v1/leaves",
		map[string]any{
			"person": w.ids["student"],
			"from":   "2026-09-01T00:00:00Z",
			"to":     "2026-09-02T00:00:00Z",
			"reason": "chickenpox",
		}).want(201)
	day := "/v1/leaves?date=2026-09-01"
	if r := teacher.do("GET", day, nil).want(200); strings.Contains(string(r.body), "chickenpox") ||
		!strings.Contains(string(r.body), w.ids["student"]) {
		t.Errorf("got %s, want the leave without its reason", r.body)
	}
	if r := teacher.do("GET", day+"&reason=the+nurse+asks", nil).want(200); !strings.Contains(
		string(r.body), "chickenpox") {
		t.Errorf("got %s, want the leave with its reason", r.body)
	}
	var log struct{ Items []g.AuditEntry }
	admin.do("GET", "/v1/audit?deed=leave.reasons", nil).want(200).into(&log)
	if len(log.Items) != 1 || log.Items[0].Reason != "the nurse asks" {
		t.Errorf("got %+v, want one entry with the reason", log.Items)
	}
}
