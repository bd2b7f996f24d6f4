package app

import (
	"context"
	"path/filepath"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/rulebook"
)

// openRules opens the rules in force and the reader that runs them.
func openRules(
	ctx context.Context, in given, s *stores, x *ingest, r *readers,
) (*rulebook.Book, *alerting.Reader, error) {
	dir, own := in.cfg.RulesPath()
	book, err := rulebook.Open(ctx, rulebook.Options{
		Dir:       dir,
		Own:       own,
		Held:      filepath.Join(in.cfg.DataPath(), "rules-in-force"),
		Shipped:   deploy.Files(),
		Registry:  s.reg,
		Directory: x.directory,
		Journal:   s.journal,
		Now:       in.now,
		Logger:    in.log,
		Refused: func(why error) {
			s.files.Refused(in.now(), why)
			in.log.Error("the rules' folder is not in force: what held before the start does", "error", why)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	reader := alerting.New(alerting.Options{
		Feed:      r.feed,
		View:      s.reg.In(g.SystemScope("rules")),
		Directory: x.directory,
		Files:     book.InForce(),
		Strangers: &x.intake.Strangers,
		Pictures:  s.media,
		Allowed:   x.schools.Allowed,
		Base:      strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/"),
		Now:       in.now,
		Logger:    in.log,
	})
	book.Begin(reader)
	return book, reader, nil
}
