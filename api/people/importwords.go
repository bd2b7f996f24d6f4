package people

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
)

// inWords renders a report's remarks in the caller's language.
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

// told renders remarks in the caller's language, and calls instead for each message that changed.
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
