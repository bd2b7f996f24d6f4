// Package guardians is the API of what guardians see and ask for: the public page on which they sign in by
// a code, the leave that they ask for there, who answers it, and the page of a link by which staff answer.
// The public pages tell nobody whose address the school has.
package guardians

import (
	"context"
	"html/template"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
)

const tag = "Guardians"

// area is what the operations use.
type area struct {
	*gate.Gate
	Needs
	pages  *template.Template
	limits limits
}

// Needs is what the area uses beside the registry.
type Needs struct {
	Links   *gate.Signer // signs the links by which staff answer; nil: there are no public pages
	Address string       // how people reach the gateway; "": links are given without it
	Secure  bool         // cookies go over TLS alone
}

// GuardianPageInput is a school's guardians' page as it is set.
type GuardianPageInput struct {
	School   g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	On       bool       `json:"on" doc:"Guardians can sign in."`
	Notice   string     `json:"notice,omitempty" maxLength:"1000" doc:"The school's own words on the page."`
	NoticeZH string     `json:"notice_zh,omitempty" maxLength:"1000" doc:"In Chinese."`
	Renew    bool       `json:"renew,omitempty" doc:"Make a new link: the old one leads nowhere from now on."`
}

// GuardianPageShown is a school's guardians' page with its link.
type GuardianPageShown struct {
	g.GuardianPage
	Link string `json:"link,omitempty" doc:"Where the page is, without the host where the gateway does not know its own; absent while it is off."`
	QR   string `json:"qr,omitempty" doc:"The link as a picture, a data URI; absent where the gateway does not know its own address."`
}

// LeaveChainInput is who answers requests for leave.
type LeaveChainInput struct {
	School  g.SchoolID              `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Classes []LeaveChainClass       `json:"classes" maxItems:"500" doc:"Who answers first, by class; anybody who writes attendance where a class is not named."`
	Steps   []LeaveChainFurtherStep `json:"steps" maxItems:"5" doc:"Who answers then, in order."`
}

// LeaveChainClass is who answers first for a class.
type LeaveChainClass struct {
	Class string     `json:"class" minLength:"1" maxLength:"40" doc:"The class." example:"7-2"`
	Users []g.UserID `json:"users" nullable:"false" minItems:"1" maxItems:"20" doc:"Any of them answers."`
}

// LeaveChainFurtherStep is a further step of a chain.
type LeaveChainFurtherStep struct {
	Name     string        `json:"name" minLength:"1" maxLength:"100" doc:"What the step is called." example:"Head of year"`
	Users    []g.UserID    `json:"users" nullable:"false" minItems:"1" maxItems:"20" doc:"Any of them answers."`
	OverDays int           `json:"over_days,omitempty" minimum:"0" maximum:"60" doc:"Asked for leave of more days than these; 0: for all." example:"3"`
	Kinds    []g.LeaveKind `json:"kinds,omitempty" maxItems:"3" doc:"For these kinds alone; absent: for all."`
	Classes  []string      `json:"classes,omitempty" maxItems:"500" doc:"For these classes alone; absent: for all."`
}

// chain is the input as the registry takes it.
func (b LeaveChainInput) chain(school g.SchoolID) g.LeaveChain {
	out := g.LeaveChain{
		School:  school,
		Classes: []g.ClassTeachers{},
		Steps:   []g.LeaveChainStep{},
	}
	for _, c := range b.Classes {
		out.Classes = append(out.Classes, g.ClassTeachers(c))
	}
	for _, x := range b.Steps {
		out.Steps = append(out.Steps, g.LeaveChainStep(x))
	}
	return out
}

type requestsInput struct {
	gate.PerSchool
	State g.LeaveState `query:"state" enum:"asked,approved,refused,withdrawn," doc:"Only these; empty: all."`
	Mine  bool         `query:"mine" doc:"Only those that wait for the caller's answer, the first to begin first, on one page."`
}

type answerLeaveInput struct {
	gate.ByID
	Body struct {
		Step    int    `json:"step" minimum:"0" maximum:"10" doc:"waiting_step of the request as it was seen: when somebody else was quicker it is a conflict."`
		Approve bool   `json:"approve" doc:"Approved; false: refused."`
		Reason  string `json:"reason,omitempty" maxLength:"500" doc:"Why it is refused; needed for that. The guardian reads it."`
	}
}

// Register adds the operations.
func Register(r *gate.Gate, n Needs) {
	n.Address = strings.TrimSuffix(n.Address, "/")
	s := &area{
		Gate:  r,
		Needs: n,
	}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("RequestShown", "state", gate.WordsOf(g.LeaveStates())...)
		d.OneOf("RequestShown", "kind", gate.WordsOf(g.LeaveKinds())...)
		d.Items("LeaveChainClass", "users", 64)
		d.Items("LeaveChainFurtherStep", "users", 64)
		d.Items("LeaveChainFurtherStep", "classes", 40)
		d.Items("LeaveChainFurtherStep", "kinds", 16)
	})
	s.registerPage()
	s.registerChain()
	s.registerRequests()
	s.registerCollectors()
	if n.Links != nil {
		s.registerPages()
	}
}

// registerPage adds the settings of the public page.
func (s *area) registerPage() {
	shown := func(x g.GuardianPage, err error) (*gate.Body[GuardianPageShown], error) {
		out := GuardianPageShown{GuardianPage: x}
		if x.On {
			out.Link = s.Address + pagePath + x.Code
		}
		if out.Link != "" && s.Address != "" && err == nil {
			out.QR, err = picture(out.Link)
		}
		return gate.Answer(out, err)
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/guardian-page",
		ID:      "get-guardian-page",
		Tag:     tag,
		Perm:    g.PeopleRead,
		Summary: "The public page on which guardians see what is known of their children",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[GuardianPageShown], error) {
		return shown(s.View(ctx).Guardians.Page(ctx, gate.SchoolOf(ctx, in.School)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/guardian-page",
		ID:      "set-guardian-page",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Switch the guardians' page on or off, or renew its link",
		Doc: "Guardians sign in there by a code that goes to the telephone number or e-mail address that the " +
			"school has of them, and see their own children alone. It is off until it is switched on.",
	}, func(ctx context.Context, in *gate.Post[GuardianPageInput]) (*gate.Body[GuardianPageShown], error) {
		b := in.Body
		return shown(s.View(ctx).Guardians.SetPage(ctx, g.GuardianPage{
			School:   gate.SchoolOf(ctx, b.School),
			On:       b.On,
			Notice:   b.Notice,
			NoticeZH: b.NoticeZH,
		}, b.Renew))
	})
}

func (s *area) registerChain() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/leave-chain",
		ID:      "get-leave-chain",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Who answers requests for leave",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Body[g.LeaveChain], error) {
		return gate.Answer(s.View(ctx).Leave.Chain(ctx, gate.SchoolOf(ctx, in.School)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/leave-chain",
		ID:      "set-leave-chain",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Summary: "Set who answers requests for leave, by class, length and kind",
		Doc: "The class teachers answer first, then each step that holds for the request. Requests that wait " +
			"keep who was asked. An administrator may answer in anybody's stead.",
	}, func(ctx context.Context, in *gate.Post[LeaveChainInput]) (*gate.Body[g.LeaveChain], error) {
		return gate.Answer(s.View(ctx).Leave.SetChain(ctx, in.Body.chain(gate.SchoolOf(ctx, in.Body.School))))
	})
}

func (s *area) registerRequests() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/leave-requests",
		ID:      "list-leave-requests",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Leave that guardians ask for, and what came of it",
		Doc: "Those that begin last first, without reasons and sick notes. A request is kept until 90 days " +
			"after its end.",
	}, func(ctx context.Context, in *requestsInput) (*gate.Body[gate.Page[leave.RequestShown]], error) {
		return gate.Listed(s.View(ctx).Leave.List(ctx, leave.Filter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School: in.School,
			State:  in.State,
			Mine:   in.Mine,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/leave-requests/{id}",
		ID:      "get-leave-request",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "One request, with its reason for those who answer it",
		Doc:     "The look is in the audit log, and the guardian sees that there was one.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[leave.RequestShown], error) {
		return gate.Answer(s.View(ctx).Leave.Open(ctx, g.LeaveRequestID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/leave-requests/{id}/answer",
		ID:      "answer-leave-request",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Approve or refuse a request for leave",
		Doc: "For those whom the step that waits names, and administrators. The last approval excuses the pupil " +
			"at once; a refusal ends the request. The guardian is told of both.",
	}, func(ctx context.Context, in *answerLeaveInput) (*gate.Body[leave.RequestShown], error) {
		return gate.Answer(s.View(ctx).Leave.Answer(ctx, g.LeaveRequestID(in.ID), leave.Answer{
			Step:    in.Body.Step,
			Approve: in.Body.Approve,
			Reason:  in.Body.Reason,
		}))
	})
}
