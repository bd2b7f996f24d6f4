package app

import (
	"context"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// eachFiring calls f for every alert of a list that holds, newest first, through all its pages: a
// look that ended after one page would leave the others of a large fleet firing for ever. One that
// somebody closed and that holds all the same is among them.
func eachFiring(ctx context.Context, view *registry.View, filter registry.AlertFilter, f func(g.Alert)) error {
	filter.Page = registry.Page{Limit: 1000}
	for {
		rows, next, err := view.Alerts(ctx, filter)
		if err != nil {
			return err
		}
		for _, row := range rows {
			// The list's own prefix is a pattern, in which "_" is any character.
			if row.Firing && strings.HasPrefix(string(row.Rule), filter.RulePrefix) {
				f(row.Alert)
			}
		}
		if next == "" {
			return nil
		}
		filter.Cursor = next
	}
}
