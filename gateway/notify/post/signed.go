package post

import (
	"encoding/json"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/outward"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// SignedReports reads reports that are posted as Standard Webhooks 1.0 asks, signed by the channel's
// own secret: {"reports":[{"id":"…","state":"delivered","code":""}]}, or one such report alone. id is
// the letter's, or what the other side answered when it took it.
func SignedReports(s Settings, p Posted) ([]Report, error) {
	if err := outward.Verify(s.Secrets["secret"], p.Header, p.Body, p.Now); err != nil {
		return nil, g.Errorf(g.Unauthenticated, "the report is not signed as it should be: %s", err.Error())
	}
	type said struct {
		ID    string         `json:"id"`
		State messages.State `json:"state"`
		Code  string         `json:"code"`
	}
	var body struct {
		said
		Reports []said `json:"reports"`
	}
	if err := json.Unmarshal(p.Body, &body); err != nil {
		return nil, g.Errorf(g.Invalid,
			`this is no report: send {"reports":[{"id":"…","state":"delivered"}]}`)
	}
	if body.ID != "" {
		body.Reports = append(body.Reports, body.said)
	}
	out := make([]Report, 0, len(body.Reports))
	for i, x := range body.Reports {
		switch x.State {
		case messages.Delivered, messages.Read, messages.Failed:
		default:
			return nil, g.Errorf(g.Invalid,
				"report %d: the state %q is none of delivered, read and failed", i+1, string(x.State))
		}
		out = append(out, Named(x.ID, x.State, x.Code))
	}
	return out, nil
}

// Named is a report of a letter by either of its names: the ID that it was sent under, or the other
// side's.
func Named(id string, state messages.State, code string) Report {
	x := Report{
		Peer:  id,
		State: state,
		Code:  code,
	}
	if messages.IsLetterID(id) {
		x.Letter, x.Peer = id, ""
	}
	return x
}
