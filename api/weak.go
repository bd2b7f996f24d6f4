package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// weakFilter is registry.WeakFilter as a query has it.
type weakFilter string

// Schema lists what it may be.
func (weakFilter) Schema(huma.Registry) *huma.Schema {
	all := []registry.WeakFilter{registry.AnyWeak, registry.WeakUnknown}
	for _, w := range g.Weaknesses() {
		all = append(all, registry.WeakFilter(w))
	}
	return oneOf(all)
}

// weaknessSchema lists what is said of how a device proves itself.
type weaknessSchema string

// Schema lists what it may be.
func (weaknessSchema) Schema(huma.Registry) *huma.Schema { return oneOf(g.Weaknesses()) }

func weakWords(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[g.Weakness](), reflect.TypeFor[weaknessSchema]())
}
