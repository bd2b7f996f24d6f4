package gatehouse

import "time"

// School is a tenant. A district is a school of KindDistrict, which other schools name as their
// Parent.
type School struct {
	ID       SchoolID   `json:"id"`
	Parent   SchoolID   `json:"parent,omitempty"`
	Kind     SchoolKind `json:"kind"`
	Name     string     `json:"name"`
	Timezone string     `json:"timezone"` // IANA name, e.g. "Asia/Shanghai"
	Language string     `json:"language"` // "en" or "zh-CN": default of new users
}

// SchoolKind distinguishes districts from schools.
type SchoolKind string

// The kinds of school.
const (
	KindDistrict SchoolKind = "district"
	KindSchool   SchoolKind = "school"
)

// SchoolKinds lists both.
func SchoolKinds() []SchoolKind { return []SchoolKind{KindSchool, KindDistrict} }

// Location is the school's time zone, or UTC if its name is unknown.
func (s School) Location() *time.Location {
	if l, err := time.LoadLocation(s.Timezone); err == nil {
		return l
	}
	return time.UTC
}

// Site is a campus or ground of a school.
type Site struct {
	ID     SiteID   `json:"id"`
	School SchoolID `json:"school"`
	Name   string   `json:"name"`
}

// Building stands on a site.
type Building struct {
	ID     BuildingID `json:"id"`
	School SchoolID   `json:"school"`
	Site   SiteID     `json:"site"`
	Name   string     `json:"name"`
}

// Zone is a place that a device covers: a gate, a canteen line, a laboratory.
type Zone struct {
	ID       ZoneID     `json:"id"`
	School   SchoolID   `json:"school"`
	Building BuildingID `json:"building"`
	Name     string     `json:"name"`
	Kind     ZoneKind   `json:"kind"`
	Private  bool       `json:"private"` // dorm room, toilet, changing room: must not have a camera
	Floor    FloorID    `json:"floor,omitempty"`
}

// ZoneKind says what a zone is used for; rules and sessions select zones by it.
type ZoneKind string

// The kinds of zone.
const (
	ZoneGate       ZoneKind = "gate"
	ZoneCanteen    ZoneKind = "canteen"
	ZoneDorm       ZoneKind = "dorm" // the dormitory's entrance; rooms are ZoneOther and private
	ZoneLaboratory ZoneKind = "laboratory"
	ZoneClassroom  ZoneKind = "classroom"
	ZoneOffice     ZoneKind = "office"
	ZoneCorridor   ZoneKind = "corridor"
	ZoneOutdoor    ZoneKind = "outdoor"
	ZoneOther      ZoneKind = "other"
)

// ZoneKinds lists every kind, in the order in which the console offers them.
func ZoneKinds() []ZoneKind {
	return []ZoneKind{
		ZoneGate, ZoneCanteen, ZoneDorm, ZoneLaboratory, ZoneClassroom, ZoneOffice,
		ZoneCorridor, ZoneOutdoor, ZoneOther,
	}
}
