package guardians

import (
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// stateWords are an answer in words, and how it is marked.
func (p page) stateWords(s g.AttendanceState) (words, tone string) {
	switch s {
	case g.Arrived:
		return p.T("present", "到"), "good"
	case g.Late:
		return p.T("late", "迟到"), "warn"
	case g.LeftEarly:
		return p.T("left early", "早退"), "warn"
	case g.Absent:
		return p.T("absent", "缺勤"), "bad"
	case g.Excused:
		return p.T("on leave", "请假"), "plain"
	case g.OffsiteApproved:
		return p.T("elsewhere, approved", "校外活动"), "plain"
	}
	return p.T("not known", "未知"), "plain"
}

// why are the reasons of an answer in a parent's words; those that add nothing are left out.
func (p page) why(a g.Attendance, zone *time.Location) string {
	var out []string
	if !a.At.IsZero() {
		out = append(out, p.T("at ", "")+a.At.In(zone).Format("15:04"))
	}
	for _, r := range a.Reasons {
		if w := p.reasonWords(r); w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, p.T(", ", "，"))
}

func (p page) reasonWords(code string) string {
	for _, w := range reasonWords() {
		if w[0] == code {
			return p.T(w[1], w[2])
		}
	}
	return ""
}

// reasonWords are the reasons of answers (rules/attend) that tell a guardian something.
func reasonWords() [][3]string {
	return [][3]string{
		{"left_and_came_back", "left and came back", "中途离开后返回"},
		{"seen_after_leave", "back late from leave", "销假晚归"},
		{"seen_leaving_only", "seen leaving only", "只有离开记录"},
		{"seen_inside", "seen inside", "校内有记录"},
		{"left_before_due", "left before it began", "开始前离开"},
		{"left_before_end", "left before the end", "结束前离开"},
		{"left_on_leave", "left on leave", "请假离开"},
		{"direction_unclear", "direction at the gate unknown", "进出方向不明"},
		{"meal_taken", "has eaten", "已就餐"},
		{"meal_at_other_sitting", "ate at another sitting", "在其他时段就餐"},
		{"second_meal_by_staff", "second meal, allowed by staff", "经工作人员允许再次就餐"},
		{"not_seen", "not seen", "没有记录"},
		{"not_back_after_leave", "not back after leave", "请假结束后未返回"},
		{"gate_out_of_reach", "a gate was out of order: nobody can say", "门禁设备故障，无法确定"},
		{"no_place_to_be_seen", "nothing there records it", "该处没有记录设备"},
		{"seen_elsewhere_only", "seen elsewhere only", "只在其他地点有记录"},
		{"leave", "on leave", "已请假"},
		{"leave_offsite", "elsewhere, approved", "经批准在校外"},
		{"corrected", "corrected by the school", "由学校更正"},
	}
}

// leaveWords are how far a request is, and how it is marked.
func (p page) leaveWords(l g.LeaveRequest) (words, tone string) {
	switch l.State {
	case g.LeaveApproved:
		return p.T("approved", "已批准"), "good"
	case g.LeaveRefused:
		for _, s := range l.Steps {
			if s.Reason != "" {
				return p.T("refused: ", "未批准：") + s.Reason, "bad"
			}
		}
		return p.T("refused", "未批准"), "bad"
	case g.LeaveWithdrawn:
		return p.T("withdrawn", "已撤回"), "plain"
	}
	at := p.T("the class teacher", "班主任")
	if i := l.Waiting(); i < len(l.Steps) && l.Steps[i].Name != "" {
		at = l.Steps[i].Name
	}
	return p.T("waiting for ", "等待审批：") + at, "warn"
}

// lookedAt says what was looked at, and by whom: a role and no name.
func (p page) lookedAt(deed string, r g.Role) string {
	what := p.T("the page with personal data", "个人信息")
	switch deed {
	case "person.contact":
		what = p.T("telephone and addresses", "联系方式")
	case "person.attendance":
		what = p.T("attendance", "考勤")
	case "person.sightings":
		what = p.T("where they were seen", "出入记录")
	case "person.collect":
		what = p.T("who may collect, at the gate", "门口查看接送名单")
	case "leave.open":
		what = p.T("a request for leave", "请假申请")
	}
	return p.roleWords(r) + p.T(": ", "：") + what
}

func (p page) roleWords(r g.Role) string {
	switch r {
	case g.RoleDistrict:
		return p.T("district administrator", "区域管理员")
	case g.RoleAdmin:
		return p.T("school administrator", "学校管理员")
	case g.RoleSecurity:
		return p.T("security", "安保人员")
	case g.RoleFacility:
		return p.T("facility management", "设备管理人员")
	case g.RoleTeacher:
		return p.T("teacher", "教师")
	case g.RoleIntegrator:
		return p.T("another program of the school", "学校的其他系统")
	}
	return p.T("the school", "学校")
}
