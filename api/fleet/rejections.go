package fleet

import (
	"context"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

// RefusedContent is what was refused, as its device or driver sent it.
type RefusedContent struct {
	Text string `json:"text" doc:"What was sent, as text; bytes that are none are shown as such."`
	Raw  []byte `json:"raw" doc:"The bytes in base64, at most 4,096 of them."`
}

type rejectionsInput struct {
	gate.Paged
	gate.InSchool
	Device g.DeviceID `query:"device" maxLength:"64" doc:"Of this device."`
}

type refusedInput struct {
	Seq    uint64 `path:"seq" doc:"The rejection's number."`
	Reason string `query:"reason" maxLength:"500" doc:"Why it is looked at; needed, and kept in the audit log." example:"the terminal's lines cannot be read"`
}

func (s *area) registerRejections() {
	const tag = "Devices"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/rejections",
		ID:      "list-rejections",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "Observations that were refused, and why",
		Doc: "What was refused is kept: as an excerpt for all to see, or sealed (kept says " +
			"how much) where the device sees people. Reason comes in Chinese with " +
			"`Accept-Language: zh-CN`; what was refused before there were codes is in English.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/rejections?limit=5"`,
	}, s.rejections)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/rejections/{seq}/content",
		ID:      "open-rejection",
		Tag:     tag,
		Perm:    g.PeopleOpen,
		Summary: "What was refused, where it is kept sealed",
		Doc: "It may hold user numbers, card numbers and names, so that a reason is needed, and " +
			"it is written to the audit log.",
	}, s.refused)
}

func (s *area) rejections(
	ctx context.Context, in *rejectionsInput,
) (*gate.Body[gate.Page[history.RejectionRow]], error) {
	rows, next, err := s.View(ctx).History.Rejections(ctx, history.RejectionFilter{
		Page: registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		},
		School: in.School,
		Device: in.Device,
	})
	l := gate.LanguageOf(ctx)
	for i := range rows {
		rows[i].Reason = l.Kept(rows[i].Said, rows[i].Reason)
	}
	return gate.Listed(rows, next, err)
}

func (s *area) refused(ctx context.Context, in *refusedInput) (*gate.Body[RefusedContent], error) {
	raw, err := s.Because(ctx, in.Reason).History.RejectionContent(ctx, in.Seq)
	return gate.Answer(RefusedContent{
		Text: strings.ToValidUTF8(string(raw), "\uFFFD"),
		Raw:  raw,
	},
		err)
}
