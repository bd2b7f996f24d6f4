package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// eventsOfAllKinds are events of each kind in A, with little and with much in them, and one
// that is too large to be posted with its data.
func eventsOfAllKinds(w *world) []g.Event {
	at := time.Date(2026, 9, 1, 7, 58, 3, 0, time.UTC)
	device, zone, person := g.DeviceID("cam-7"), g.ZoneID(w.ids["zone"]), g.PersonID(
		w.ids["student"])
	alert := g.Alert{
		ID:       "alt_0000000000000001",
		School:   w.a.ID,
		Rule:     "smoke-and-heat",
		Severity: g.Critical, State: g.AlertOpen, Title: "Smoke in Laboratory 1",
		Firing:    true,
		Count:     1,
		Opened:    at,
		LastFired: at,
		Seq:       7, Version: 1}
	full := alert
	full.TitleZH = "实验室一有烟"
	full.Text = "Go and look"
	full.TextZH = "去看看"
	full.Device = device
	full.Zone = zone
	full.Person = person
	full.Sighting = "sgt_1"
	full.Media = "med_1"
	full.Audible = true
	full.Incident = "inc_0000000000000001"
	full.Values = map[string]g.Value{
		"smoke":       g.BoolValue(true),
		"temperature": g.NumberValue(48.5),
		"text":        g.StringValue("hot"),
	}
	full.Handler = "usr_1"
	full.HandlerName = "Li Wei"
	full.Acknowledged = at
	full.Resolved = at
	full.Closed = at
	full.Comment = "toast"
	large := alert
	large.Values = map[string]g.Value{}
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z") {
		large.Values[name] = g.StringValue(strings.Repeat(name, 1000))
	}
	incident := g.Incident{
		ID:     "inc_0000000000000001",
		School: w.a.ID,
		Title:  "Smoke", Severity: g.Critical, State: g.IncidentOpen, Opened: at, Version: 1,
		Alerts: []g.AlertID{alert.ID},
		Steps:  []g.IncidentStep{{Text: "Go and look"}},
		Handover: g.Handover{
			Requested:    true,
			ApproverRole: g.RoleAdmin,
			Approval:     "waiting",
			Link:         "off",
			Note:         "the police link is off",
		},
	}
	answer := g.Attendance{
		Person:    person,
		Session:   "ses_1",
		School:    w.a.ID,
		Kind:      g.SessionArrival,
		Date:      "2026-09-01",
		State:     g.Absent,
		Final:     true,
		InputHash: "1f",
	}
	arrived := answer
	arrived.State = g.Late
	arrived.At = at
	arrived.Method = g.ByFace
	arrived.Zone = zone
	arrived.Reasons = []string{"after_due"}
	arrived.Sightings = []g.SightingID{"sgt_1"}
	arrived.Exceptions = []string{"low_margin"}
	match := &g.Match{
		Score:    0.71,
		RunnerUp: -1,
		Margin:   1.71,
		Quality:  0.8,
		Frames:   5,
		Reason:   "matched",
	}
	events := []g.Event{
		{Kind: g.EventAlert, Alert: &alert},
		{Kind: g.EventAlert, Alert: &full, Device: device, Zone: zone},
		{Kind: g.EventAlert, Alert: &large},
		{Kind: g.EventIncident, Incident: &incident},
		{
			Kind: g.EventLockdown,
			Lockdown: &g.Lockdown{
				ID:           "lck_1",
				School:       w.a.ID,
				Level:        g.LevelHold,
				Title:        "Hold",
				Drill:        true,
				Raised:       at,
				RaisedByName: "Ms Li",
				Alert:        "alt_1",
				Version:      1,
			},
		},
		{
			Kind: g.EventRule,
			Rule: &g.RuleChange{
				Rule:    g.RuleID("warm@" + string(w.a.ID)),
				Version: 2,
				Deed:    g.RulePaused,
				By:      "usr_1",
				ByName:  "Ms Li",
				Note:    "the fridge is being mended",
			},
		},
		{
			Kind: g.EventSuppression,
			Suppression: &g.SuppressionChange{
				Suppression: "sup_1",
				Kind:        g.Window,
				Deed:        g.SuppressionBegan,
				Reason:      "the UPS is serviced",
				From:        at,
				Until:       at,
				By:          "usr_1",
				ByName:      "Ms Li",
				Version:     1,
			},
		},
		{
			Kind:   g.EventCommand,
			Device: device,
			Command: &g.DeviceCommand{
				ID:      "cmd_1",
				School:  w.a.ID,
				Device:  device,
				Action:  "silence",
				State:   g.CommandUnknown,
				Reason:  "no answer",
				By:      "rule fire",
				Made:    at,
				Due:     at,
				Changed: at,
				Times:   []g.CommandTime{{State: g.CommandAccepted, At: at}},
				Alert:   "alt_1",
				Drill:   true,
				Tries:   1,
			},
		},
		{
			Kind: g.EventIncident,
			Incident: &g.Incident{
				ID:       "inc_2",
				School:   w.a.ID,
				Title:    "T",
				Severity: g.Warning,
				State:    g.IncidentClosed,
				Opened:   at,
				Closed:   at,
				Version:  2,
			},
		},
		{Kind: g.EventAttendance, Attendance: &answer},
		{Kind: g.EventAttendance, Attendance: &arrived},
		{
			Kind:   g.EventSighting,
			Device: device,
			Zone:   zone,
			Driver: "camera",
			Sighting: &g.Sighting{
				ID:        "sgt_1",
				Method:    g.ByFace,
				Direction: g.In,
				Zone:      zone,
				Person:    person,
				Track:     "t1",
				Media:     "med_1",
				Match:     match,
			},
		},
		{
			Kind:     g.EventSighting,
			Device:   device,
			Sighting: &g.Sighting{ID: "sgt_2", Method: g.ByCard, Credential: "…1234"},
			Late:     true,
		},
		{
			Kind:   g.EventStatus,
			Device: device,
			Status: &g.Status{State: g.StateOffline, Reason: "no answer"},
		},
		{
			Kind:       g.EventOccurrence,
			Device:     device,
			Occurrence: &g.Occurrence{Kind: g.OccurrenceTamper},
		},
		{
			Kind:   g.EventDecision,
			Device: device,
			Zone:   zone,
			Decision: &g.Decision{
				Method:    g.ByCard,
				Direction: g.In,
				Allow:     true,
				Person:    person,
			},
		},
		{
			Kind:   g.EventDecision,
			Device: device,
			Decision: &g.Decision{
				Method:     g.ByQR,
				Credential: "…1234",
				Reason:     g.Because(g.ReasonNobody),
			},
		},
		{
			Kind:   g.EventOccurrence,
			Device: device,
			Zone:   zone,
			Occurrence: &g.Occurrence{
				Kind: g.OccurrenceDoor,
				Data: map[string]g.Value{
					"what":    g.StringValue("forced"),
					"seconds": g.NumberValue(12),
				},
			},
		},
		{
			Kind:   g.EventRejected,
			Device: device,
			Rejection: &g.Rejection{
				Reason:     "smoke: should be a boolean",
				Source:     "mqtt",
				Excerpt:    "{}",
				Properties: []string{"smoke"},
				Partial:    true,
			},
		},
		{
			Kind:   g.EventReading,
			Device: device,
			Reading: &g.Reading{
				Values: map[string]g.Value{
					"temperature": g.NumberValue(21.5),
					"door":        g.BoolValue(false),
				},
			},
			Replayed: true,
		},
	}
	for i := range events {
		events[i].School, events[i].Received = w.a.ID, at
	}
	return numbered(events...)
}

// What is posted is what the document's webhooks say, for every kind of event.
func TestPostsAreAsDocumented(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	to := newReceiver(t, nil)
	var kinds []string
	for _, k := range g.EventKinds() {
		kinds = append(kinds, string(k))
	}
	made := w.webhook(admin, to.URL+"/in", kinds...)
	events := eventsOfAllKinds(w)
	mustDo(t, w.hooks.Deliver(t.Context(), events))
	admin.do("POST", "/v1/webhooks/"+string(made.Webhook.ID)+"/test", nil).want(202)
	until(t, func() bool { return to.count() == len(events)+1 })
	var doc map[string]any
	w.nobody().do("GET", "/openapi.json", nil).want(200).into(&doc)
	hooks, seen, short := asMap(doc["webhooks"]), map[string]int{}, 0
	for i, b := range to.bodies {
		var e struct {
			Type    string
			DataRef string
		}
		mustDo(t, json.Unmarshal([]byte(b), &e))
		kind := strings.TrimPrefix(e.Type, "school.gatehouse.")
		seen[kind]++
		if e.DataRef != "" {
			short++
		}
		post := asMap(asMap(hooks[kind])["post"])
		schema := asMap(
			asMap(asMap(asMap(post["requestBody"])["content"])["application/cloudevents+json"])["schema"],
		)
		if schema == nil {
			t.Fatalf("the document has no webhook for %s", e.Type)
		}
		if err := fitsJSON(doc, schema, []byte(b)); err != nil {
			t.Errorf("%s: %v\n%.400s", kind, err, b)
		}
		for _, p := range asList(post["parameters"]) {
			if p := asMap(p); p["required"] == true && to.got[i].Get(p["name"].(string)) == "" {
				t.Errorf("%s came without the header %s", kind, p["name"])
			}
		}
	}
	for kind := range hooks {
		if seen[kind] == 0 {
			t.Errorf("the document has a webhook %q, and none was posted", kind)
		}
	}
	if short != 1 || len(hooks) != len(kinds)+1 {
		t.Errorf("got %d posts without data and webhooks for %d kinds, want 1 and %d", short,
			len(hooks), len(kinds)+1)
	}
}

// OpenAPI 3.0 has no webhooks.
func TestOldDocumentHasNoWebhooks(t *testing.T) {
	var doc map[string]any
	newWorld(t).nobody().do("GET", "/openapi-3.0.json", nil).want(200).into(&doc)
	if doc["openapi"] != "3.0.3" || doc["webhooks"] != nil ||
		asMap(doc["paths"])["/v1/webhooks"] == nil {
		t.Errorf("got openapi %v with webhooks %v, want 3.0.3 without", doc["openapi"],
			doc["webhooks"])
	}
}
