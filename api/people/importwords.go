package people

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
)

// inWords tells a report's remarks in the language of who asks.
func inWords(ctx context.Context, r *people.ImportReport) {
	told(ctx, r.Problems, func(string, string) {})
	for _, lines := range [][]people.ImportLine{r.Lines, r.Leaving} {
		for i := range lines {
			line := &lines[i]
			told(ctx, line.Problems, func(before, said string) {
				if line.Error == before {
					line.Error = said
				}
				if line.Note == before {
					line.Note = said
				}
			})
		}
	}
}

// told puts remarks into words, and tells of each that is another now.
func told(ctx context.Context, remarks []roster.Remark, instead func(before, said string)) {
	l := gate.LanguageOf(ctx)
	for i, p := range remarks {
		said, ok := l.Remark(p.Code, p.Values())
		if !ok {
			continue
		}
		remarks[i].Message = said
		instead(p.Message, said)
	}
}
