package webhook

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	contentType = "application/cloudevents+json"
	typePrefix  = "school.gatehouse."
	trial       = "test" // the type of what somebody asks for, after the prefix
	maxBody     = 20_000 // bytes, as Standard Webhooks advises
)

// cloudEvent is the envelope of CloudEvents 1.0, structured mode in JSON. An event that is
// too large for a webhook goes without data and with dataref (CloudEvents claim check).
type cloudEvent struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	Sequence    string    `json:"sequence,omitempty"` // CloudEvents sequence extension
	ContentType string    `json:"datacontenttype,omitempty"`
	DataRef     string    `json:"dataref,omitempty"`
	Data        any       `json:"data,omitempty"`
}

// Write is the event in its envelope.
func (c *Channel) Write(e *g.Event) ([]byte, error) {
	e = e.Dated()
	out := cloudEvent{
		SpecVersion: "1.0",
		ID:          e.ID,
		Source:      source(e.School),
		Type:        typePrefix + string(e.Kind),
		Subject:     subject(e),
		Time:        e.Time,
		Sequence:    strconv.FormatUint(e.Seq, 10),
		ContentType: "application/json",
		Data:        e,
	}
	b, err := json.Marshal(out)
	if b = g.OmitUnsetTimes(b); err != nil || len(b) < maxBody {
		return b, err
	}
	out.Data, out.ContentType = nil, ""
	out.DataRef = fmt.Sprintf("/v1/events?after=%d&limit=1&kinds=%s", e.Seq-1, e.Kind)
	b, err = json.Marshal(out)
	return g.OmitUnsetTimes(b), err
}

// Trial is an envelope that says that it is a test.
func (c *Channel) Trial(w g.Webhook, id string, now time.Time) ([]byte, error) {
	return json.Marshal(cloudEvent{
		SpecVersion: "1.0",
		ID:          id,
		Source:      source(w.School),
		Type:        typePrefix + trial,
		Time:        now,
		ContentType: "application/json",
		Data:        map[string]string{"message": "this is a test of the webhook " + string(w.ID)},
	})
}

// Kind reads the type of a body.
func (c *Channel) Kind(body []byte) (kind g.EventKind, ok bool) {
	var e struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return "", false
	}
	word, _ := strings.CutPrefix(e.Type, typePrefix)
	if word == "" {
		return "", false
	}
	if word == trial {
		return "", true
	}
	return g.EventKind(word), true
}

func source(school g.SchoolID) string { return "/gatehouse/schools/" + string(school) }

// subject is what the event is about.
func subject(e *g.Event) string {
	switch {
	case e.Alert != nil:
		return string(e.Alert.ID)
	case e.Incident != nil:
		return string(e.Incident.ID)
	case e.Attendance != nil:
		return string(e.Attendance.Person)
	case e.Rule != nil:
		return string(e.Rule.Rule)
	}
	return string(e.Device)
}
