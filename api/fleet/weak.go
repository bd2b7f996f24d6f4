package fleet

import (
	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// weakFilter is registry.WeakFilter as a query has it.
type weakFilter string

// Schema lists what it may be.
func (weakFilter) Schema(huma.Registry) *huma.Schema {
	all := []any{string(fleet.AnyWeak), string(fleet.WeakUnknown)}
	for _, w := range g.Weaknesses() {
		all = append(all, string(w))
	}
	return &huma.Schema{
		Type: huma.TypeString,
		Enum: all,
	}
}
