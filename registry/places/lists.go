package places

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// Places are a school's sites, buildings and zones.
type Places struct {
	Sites     []g.Site     `json:"sites"`
	Buildings []g.Building `json:"buildings"`
	Zones     []g.Zone     `json:"zones"`
}
