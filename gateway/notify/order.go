package notify

import g "github.com/gatehouse-iot/gatehouse"

// orderedBy is the subject within which deliveries keep the order of the journal: the alert,
// the incident, the rule, the lockdown, the person or, where nobody is known, the device.
func orderedBy(e *g.Event) string {
	switch {
	case e.Alert != nil:
		return "alert/" + string(e.Alert.ID)
	case e.Incident != nil:
		return "incident/" + string(e.Incident.ID)
	case e.Attendance != nil:
		return "person/" + string(e.Attendance.Person)
	case e.Rule != nil:
		return "rule/" + string(e.Rule.Rule)
	case e.Lockdown != nil:
		return "lockdown/" + string(e.Lockdown.ID)
	case e.Sighting != nil && e.Sighting.Person != "":
		return "person/" + string(e.Sighting.Person)
	case e.Device != "":
		return "device/" + string(e.Device)
	}
	return ""
}
