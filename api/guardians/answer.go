package guardians

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
)

// linkWord is the first word of a link by which a request is answered.
const linkWord = "leave"

// Answering makes the paths by which a user answers a step of a request until a time.
func Answering(s *gate.Signer) func(id g.LeaveRequestID, step int, by g.UserID, until time.Time) string {
	return func(id g.LeaveRequestID, step int, by g.UserID, until time.Time) string {
		return answerPath + s.Token(until, linkWord, string(id), strconv.Itoa(step), string(by))
	}
}

// answer is a request as whoever answers it sees it.
type answer struct {
	Name, Class, When, Kind, Reason, Note string
	Days                                  int
	Before                                []string // what was answered before
	State                                 string
	May                                   bool
}

// answerPage is where staff answer a request by the link in a message. One that was answered shows how.
func (s *area) answerPage(w http.ResponseWriter, r *http.Request) {
	words, err := s.Links.Open(r.PathValue("token"), 4, s.Now())
	if errors.Is(err, gate.ErrExpired) {
		s.refuse(w, r, http.StatusGone, "This link has ended. Sign in to the console and open Leave.",
			"链接已失效，请登录控制台，在“请假”中处理。")
		return
	}
	if err != nil || words[0] != linkWord {
		s.failed(w, r, g.Errorf(g.NotFound, "there is no such page"))
		return
	}
	ctx, v := r.Context(), s.system()
	id, user := g.LeaveRequestID(words[1]), g.UserID(words[3])
	step, _ := strconv.Atoi(words[2])
	x, err := v.Leave.Find(ctx, id)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	said, status := "", http.StatusOK
	able, err := v.Leave.Answerers(ctx, x)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	i := slices.IndexFunc(able, func(u g.User) bool { return u.ID == user })
	p := page{Language: languageOf(r)}
	if i >= 0 && step == x.Waiting() && r.Method == http.MethodPost {
		_, err := s.In(scopeOf(x.School, able[i])).Leave.Answer(ctx, id, leave.Answer{
			Step:    step,
			Approve: r.PostForm.Get("do") == "approve",
			Reason:  oneLine(r.PostForm.Get("reason")),
		})
		var e *g.Error
		switch code := g.ErrorCode(err); {
		case code == g.Invalid && errors.As(err, &e):
			said, status = p.labelled(e.Field)+p.Language.Message(e), http.StatusUnprocessableEntity
		case err != nil && code != g.Conflict: // a conflict: the page shows who was quicker
			s.failed(w, r, err)
			return
		}
		if x, err = v.Leave.Find(ctx, id); err != nil {
			s.failed(w, r, err)
			return
		}
	}
	// Whoever has the link sees the child's data only while it is theirs to answer.
	mine := i >= 0 && step == x.Waiting() && x.State == g.LeaveAsked
	s.showAnswer(w, r, status, p, said, x, mine)
}

func scopeOf(school g.SchoolID, u g.User) g.Scope {
	name := u.FullName
	if name == "" {
		name = u.Name
	}
	return g.Scope{
		School:      school,
		Actor:       string(u.ID) + " " + name,
		Permissions: u.Role.Permissions(),
		Reason:      "by the link in a message",
	}
}

func (s *area) showAnswer(
	w http.ResponseWriter, r *http.Request, status int, p page, said string, x g.LeaveRequest, mine bool,
) {
	ctx, v := r.Context(), s.system()
	school, err := v.Places.School(ctx, x.School)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	names, err := v.People.Names(ctx, []g.PersonID{x.Person})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	zone := school.Location()
	p.School, p.Said, p.Heading = school.Name, said, p.T("A request for leave", "请假申请")
	a := &answer{
		Name: names[x.Person],
		When: span(x.From, x.To, zone),
		Kind: p.kindWords(x.Kind),
		Days: leave.Days(x.From, x.To, zone),
		May:  mine,
	}
	if mine {
		a.Reason, a.Note = x.Reason, x.Note
	}
	for _, st := range x.Steps {
		if st.Answered.IsZero() {
			continue
		}
		line := st.Answered.In(zone).Format("2006-01-02 15:04") + " " + st.By + p.T(": ", "：")
		if st.Approved {
			line += p.T("approved", "已批准")
		} else {
			line += p.T("refused", "未批准")
		}
		a.Before = append(a.Before, line)
	}
	switch {
	case mine:
		a.State = p.T("Do you approve?", "是否批准？")
	case x.State == g.LeaveApproved:
		a.State = p.T("It is approved. The pupil is excused.", "已批准，学生已登记请假。")
	case x.State == g.LeaveRefused:
		a.State = p.T("It is refused.", "未批准。")
	case x.State == g.LeaveWithdrawn:
		a.State = p.T("The guardian has withdrawn it. There is nothing to do.", "家长已撤回，无需处理。")
	default:
		a.State = p.T("It waits for somebody else's answer. There is nothing for you to do.", "等待其他人员审批，您无需处理。")
	}
	p.Answer = a
	s.render(w, r, status, p)
}
