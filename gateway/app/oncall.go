package app

import (
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/oncall"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/escalate"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
)

// openOncall makes what calls people about alerts, and the links by which they answer.
func openOncall(in given, s *stores) (*escalate.Escalator, *oncall.Links, error) {
	key, err := keys.Signer(s.key, "gatehouse take links")
	if err != nil {
		return nil, nil, err
	}
	links := oncall.NewLinks(key)
	view := s.reg.In(g.SystemScope("escalate"))
	base := strings.TrimSuffix(in.cfg.HTTP.BaseURL, "/")
	post := escalate.Post{
		View: view,
		Base: base,
	}
	return escalate.New(escalate.Options{
		View:      view,
		Subscribe: s.reg.Subscribe,
		Tell:      post.Tell,
		Stop:      post.Stop,
		Link: func(id g.AlertID, user g.UserID, until time.Time) string {
			if base == "" {
				return "" // nobody could open it: the message goes without
			}
			return base + oncall.TakePath + links.Token(id, user, until)
		},
		Now: in.now,
		Log: in.log,
	}), links, nil
}
