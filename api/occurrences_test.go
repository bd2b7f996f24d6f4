package api_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// TestOccurrencesOverHTTP: what happened at the school's devices, by device, kind and time, page by
// page, and nothing of another school's.
func TestOccurrencesOverHTTP(t *testing.T) {
	w := newWorld(t).schools()
	at := time.Date(2026, 9, 1, 7, 30, 0, 0, time.UTC)
	happened := func(seq uint64, device string, after time.Duration, o g.Occurrence) g.Event {
		return g.Event{
			Seq:        seq,
			Kind:       g.EventOccurrence,
			School:     w.a.ID,
			Device:     g.DeviceID(device),
			Zone:       g.ZoneID(w.ids["zone"]),
			Time:       at.Add(after),
			Received:   at.Add(after),
			Occurrence: &o,
		}
	}
	mustDo(t, w.system().History.Apply(t.Context(), []g.Event{
		happened(1, w.ids["device"], 0, g.Occurrence{
			ID:   "occ_1",
			Kind: g.OccurrenceDoor,
			Data: map[string]g.Value{"what": g.StringValue("forced")},
		}),
		happened(2, w.ids["device"], time.Minute, g.Occurrence{Kind: g.OccurrenceTamper}),
		happened(3, w.ids["camera"], time.Hour, g.Occurrence{Kind: g.OccurrenceTamper}),
	}))
	c := w.user(w.a, g.RoleFacility)
	list := func(query string) (ids []g.OccurrenceID) {
		t.Helper()
		cursor := ""
		for {
			var page struct {
				Items []history.OccurrenceRow
				Next  string
			}
			c.do("GET", "/v1/occurrences?limit=1"+query+"&cursor="+url.QueryEscape(cursor), nil).
				want(200).into(&page)
			for _, row := range page.Items {
				ids = append(ids, row.ID)
			}
			if cursor = page.Next; cursor == "" {
				return ids
			}
		}
	}
	for query, want := range map[string][]g.OccurrenceID{
		"":                              {"occ_3", "occ_2", "occ_1"},
		"&kind=tamper":                  {"occ_3", "occ_2"},
		"&device=" + w.ids["device"]:    {"occ_2", "occ_1"},
		"&zone=nowhere":                 nil,
		"&from=2026-09-01T07:31:00Z":    {"occ_3", "occ_2"},
		"&to=2026-09-01T07:31:00Z":      {"occ_1"},
		"&school=" + string(w.a.ID):     {"occ_3", "occ_2", "occ_1"},
		"&kind=door&device=lab-1-smoke": {"occ_1"},
	} {
		if d := cmp.Diff(list(query), want); d != "" {
			t.Errorf("%s: got, want:\n%s", query, d)
		}
	}
	var page struct{ Items []history.OccurrenceRow }
	c.do("GET", "/v1/occurrences?kind=door", nil).want(200).into(&page)
	if row := page.Items[0]; row.Name != "Smoke, lab 1" || row.Profile != "smoke-heat-sensor" ||
		row.Data["what"] != g.StringValue("forced") || !row.Time.Equal(at) {
		t.Errorf("got %+v, want the forced door with the device's name and profile", row)
	}
	for query, field := range map[string]string{
		"from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z": "to",
		"cursor=x":   "cursor",
		"from=today": "from",
	} {
		if p := c.do("GET", "/v1/occurrences?"+query, nil).want(422).problem(); len(p.Errors) != 1 ||
			p.Errors[0].Field != field {
			t.Errorf("%s: got %+v, want an error of %s", query, p, field)
		}
	}
	var none struct{ Items []history.OccurrenceRow }
	w.user(w.b, g.RoleAdmin).do("GET", "/v1/occurrences", nil).want(200).into(&none)
	if len(none.Items) != 0 {
		t.Errorf("another school sees %+v", none.Items)
	}
}
