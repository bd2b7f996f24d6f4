// Package visits is the API of who visits a school: the guard's book of visitors, the barred list, and
// the pages on which visitors register and hosts answer without signing in. It tells nobody on those
// pages who works at a school or who is barred.
package visits

import (
	"context"
	"html/template"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

const tag = "Visitors"

// area is what the operations use.
type area struct {
	*gate.Gate
	links  *Links
	base   string
	pages  *template.Template
	limits limits
}

// VisitInput is a visit as it is registered.
type VisitInput struct {
	School  g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name    string     `json:"name" minLength:"1" maxLength:"100" doc:"Who comes." example:"Zhou Qiang"`
	Phone   string     `json:"phone,omitempty" maxLength:"40" doc:"Their telephone number."`
	Company string     `json:"company,omitempty" maxLength:"100" doc:"For whom they work."`
	Plate   string     `json:"plate,omitempty" maxLength:"40" doc:"Their car's plate."`
	Group   int        `json:"group,omitempty" minimum:"0" maximum:"200" doc:"How many they are; absent: one." example:"1"`
	Host    string     `json:"host" minLength:"1" maxLength:"100" doc:"Whom they visit." example:"Chen Jing"`
	Purpose string     `json:"purpose" minLength:"1" maxLength:"200" doc:"Why." example:"Repairs the lift"`
	Names   []string   `json:"names,omitempty" maxItems:"20" doc:"The others of a group who get a code each."`
	Escort  bool       `json:"escort,omitempty" doc:"They go nowhere alone."`
	Places  string     `json:"places,omitempty" maxLength:"200" doc:"Where they may go."`
	Zones   []g.ZoneID `json:"zones,omitempty" maxItems:"100" doc:"The rooms where they may go: seen elsewhere than there and at a gate raises an alert. Empty: everywhere."`
	Card    string     `json:"card_number,omitempty" maxLength:"40" doc:"The number of an identity card that was looked at: compared with the barred list, and kept as a keyed hash alone."`
	From    time.Time  `json:"from" doc:"When it begins."`
	To      time.Time  `json:"to" doc:"When they should have left; at most 31 days later."`
}

type listInput struct {
	gate.PerSchool
	State g.VisitState `query:"state" enum:"asked,expected,refused,on_site,gone," doc:"Only these; empty: all."`
}

type visitStateInput struct {
	gate.ByID
	Body struct {
		State  g.VisitState `json:"state" enum:"expected,refused,on_site,gone" doc:"What it is from now on: expected (approved), refused, on_site (arrived), gone."`
		Reason string       `json:"reason,omitempty" maxLength:"500" doc:"Why it is refused; needed for that."`
		Escort *bool        `json:"escort,omitempty" doc:"With the approval: they go nowhere alone; absent: as it is."`
		Places string       `json:"places,omitempty" maxLength:"200" doc:"With the approval: where they may go; absent: as it is."`
		Zones  []g.ZoneID   `json:"zones,omitempty" maxItems:"100" doc:"With the approval: the rooms where they may go; absent: as it is, empty: everywhere."`
	}
}

// VisitPageInput is a school's public page as it is set.
type VisitPageInput struct {
	School   g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	On       bool       `json:"on" doc:"Visitors can register themselves."`
	Notice   string     `json:"notice,omitempty" maxLength:"1000" doc:"The school's own words on what becomes of the data."`
	NoticeZH string     `json:"notice_zh,omitempty" maxLength:"1000" doc:"In Chinese."`
	Renew    bool       `json:"renew,omitempty" doc:"Make a new link: the old one leads nowhere from now on."`
}

// VisitPageShown is a school's public page with its link.
type VisitPageShown struct {
	g.VisitPage
	Link string `json:"link,omitempty" doc:"Where the page is, without the host where the gateway does not know its own; absent while it is off."`
	QR   string `json:"qr,omitempty" doc:"The link as a picture, a data URI; absent where the gateway does not know its own address."`
}

// BarredInput is an entry of the barred list as it is made.
type BarredInput struct {
	School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name   string     `json:"name" minLength:"1" maxLength:"100" doc:"Who is not let in." example:"Zhou Qiang"`
	Phone  string     `json:"phone,omitempty" maxLength:"40" doc:"Their telephone number; this or card_number is needed."`
	Card   string     `json:"card_number,omitempty" maxLength:"40" doc:"The number of their identity card; kept as a keyed hash alone."`
	Reason string     `json:"reason" minLength:"1" maxLength:"500" doc:"Why." example:"threatened a teacher on 1 September"`
	Ends   time.Time  `json:"ends" doc:"When the entry ends by itself; at most ten years from now."`
}

// Register adds the operations. Without links there are no public pages; base is how people reach the
// gateway, "": a page's link is then given without it.
func Register(r *gate.Gate, links *Links, base string) {
	s := &area{
		Gate:  r,
		links: links,
		base:  strings.TrimSuffix(base, "/"),
	}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Visit", "state", gate.WordsOf(g.VisitStates())...)
		d.Items("VisitInput", "names", 100)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/visits",
		ID:      "list-visits",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "Who visits the school: asked for, expected, on site, gone",
		Doc: "The last to begin first, without telephone numbers. A visit is kept until 30 days after " +
			"its end.",
	}, func(ctx context.Context, in *listInput) (*gate.Body[gate.Page[g.Visit]], error) {
		all, err := s.View(ctx).Visits.List(ctx, in.School, in.State, s.Now())
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Visit) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/visits",
		ID:      "register-visit",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Status:  201,
		Summary: "Register a visit",
		Doc: "It is asked for until somebody approves it: the host by the link in the message that they get, " +
			"or somebody in the console. The answer is without the telephone number.",
	}, func(ctx context.Context, in *gate.Post[VisitInput]) (*gate.Body[g.Visit], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Visits.Register(ctx, visits.Registration{
			Visit: g.Visit{
				School: gate.SchoolOf(ctx, b.School),
				From:   b.From,
				To:     b.To,
				VisitDetails: g.VisitDetails{
					Name:    b.Name,
					Phone:   b.Phone,
					Company: b.Company,
					Plate:   b.Plate,
					Group:   b.Group,
					Names:   b.Names,
					Host:    b.Host,
					Purpose: b.Purpose,
					Escort:  b.Escort,
					Places:  b.Places,
					Zones:   b.Zones,
				},
			},
			CardNumber: b.Card,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/visits/{id}",
		ID:      "get-visit",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "One visit, with the telephone number",
		Doc:     "The look is in the audit log.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Visit], error) {
		return gate.Answer(s.View(ctx).Visits.Open(ctx, g.VisitID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/visits/{id}/state",
		ID:      "move-visit",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Summary: "Approve or refuse a visit, or say that they have arrived or left",
		Doc: "From asked to expected or refused, from expected to on_site or refused, from on_site to gone; " +
			"expected again changes escort and places; " +
			"anything else is a conflict, as is an arrival before or after the time.",
	}, func(ctx context.Context, in *visitStateInput) (*gate.Body[g.Visit], error) {
		return gate.Answer(s.View(ctx).Visits.Move(ctx, g.VisitID(in.ID), visits.Step{
			State:  in.Body.State,
			Reason: in.Body.Reason,
			Escort: in.Body.Escort,
			Places: in.Body.Places,
			Zones:  in.Body.Zones,
		}))
	})
	s.registerPage()
	s.registerBarred()
	if links != nil {
		s.registerPages()
	}
}

// registerPage adds the settings of the public page.
func (s *area) registerPage() {
	shown := func(x g.VisitPage, err error) (*gate.Body[VisitPageShown], error) {
		out := VisitPageShown{VisitPage: x}
		if x.On {
			out.Link = s.base + pagePath + x.Code
		}
		if out.Link != "" && s.base != "" && err == nil {
			out.QR, err = picture(out.Link)
		}
		return gate.Answer(out, err)
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/visit-page",
		ID:      "get-visit-page",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "The public page on which visitors register themselves",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[VisitPageShown], error) {
		return shown(s.View(ctx).Visits.Page(ctx, gate.SchoolOf(ctx, in.School)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/visit-page",
		ID:      "set-visit-page",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Switch the visitors' page on or off, or renew its link",
	}, func(ctx context.Context, in *gate.Post[VisitPageInput]) (*gate.Body[VisitPageShown], error) {
		b := in.Body
		return shown(s.View(ctx).Visits.SetPage(ctx, g.VisitPage{
			School:   gate.SchoolOf(ctx, b.School),
			On:       b.On,
			Notice:   b.Notice,
			NoticeZH: b.NoticeZH,
		}, b.Renew))
	})
}

// registerBarred adds the barred list.
func (s *area) registerBarred() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/barred",
		ID:      "list-barred",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "Who is not let in, until when and why",
	}, func(ctx context.Context, in *struct {
		gate.PerSchool
	},
	) (*gate.Body[gate.Page[g.Barred]], error) {
		all, err := s.View(ctx).Visits.BarredOf(ctx, in.School, s.Now())
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Barred) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/barred",
		ID:      "add-barred",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Status:  201,
		Summary: "Put somebody on the barred list",
		Doc: "They are found by name and telephone number, or by the number of their identity card. Visits of " +
			"theirs are held, and security gets an alert when they register or show a code at a gate.",
	}, func(ctx context.Context, in *gate.Post[BarredInput]) (*gate.Body[g.Barred], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Visits.Bar(ctx, g.Barred{
			School: gate.SchoolOf(ctx, b.School),
			Name:   b.Name,
			Phone:  b.Phone,
			Reason: b.Reason,
			Ends:   b.Ends,
		}, b.Card))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/barred/{id}/end",
		ID:      "end-barred",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Summary: "End an entry of the barred list now",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Barred], error) {
		return gate.Answer(s.View(ctx).Visits.Unbar(ctx, g.BarredID(in.ID)))
	})
}
