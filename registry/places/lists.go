package places

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// Places are a school's sites, buildings, floors and zones.
type Places struct {
	Sites     []g.Site     `json:"sites"`
	Buildings []g.Building `json:"buildings"`
	Floors    []g.Floor    `json:"floors"` // of each building from the lowest up
	Zones     []g.Zone     `json:"zones"`
}
