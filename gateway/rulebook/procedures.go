package rulebook

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// shippedProcedures reads the procedures that come with the gateway.
func shippedProcedures(files fs.FS) (out []rules.Procedure, err error) {
	if files == nil {
		return nil, nil
	}
	names, err := fs.Glob(files, "procedures/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("read shipped procedures: %w", err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read shipped procedures: %w", err)
		}
		more, err := rules.ParseProcedures(name, b)
		if err != nil {
			return nil, fmt.Errorf("read shipped procedures: %w", err)
		}
		out = append(out, more...)
	}
	return out, nil
}

// withShipped are a folder's procedures, and the shipped ones that it does not have.
func withShipped(folder, shipped []rules.Procedure) []rules.Procedure {
	out := slices.Clone(folder)
	for _, p := range shipped {
		if !has(folder, p.ID) {
			out = append(out, p)
		}
	}
	return out
}

func has(all []rules.Procedure, id g.ProcedureID) bool {
	return slices.ContainsFunc(all, func(p rules.Procedure) bool { return p.ID == id })
}

// known are procedures that rules may name: also those of schools, of which only the ID is known
// here. An incident begins with the steps that hold for its school then.
func known(files []rules.Procedure, ids []g.ProcedureID) []rules.Procedure {
	out := slices.Clone(files)
	for _, id := range ids {
		if !has(files, id) {
			out = append(out, rules.Procedure{ID: id})
		}
	}
	return out
}

// offer keeps a folder's procedures in the registry, each in versions, for incidents to begin with.
func (b *Book) offer(ctx context.Context, files alerting.Files) error {
	return b.view.Procedures.Take(ctx, withShipped(files.Procedures, b.shipped))
}
