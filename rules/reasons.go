package rules

import "strings"

// The reasons of an answer, as codes that never change their meaning; Explain words them.
const (
	ReasonInTime        = "seen_in_time"
	ReasonLate          = "seen_after_due"
	ReasonLateOnLeave   = "seen_after_leave"
	ReasonSeenLeaving   = "seen_leaving_only"
	ReasonLeft          = "left_before_end"
	ReasonLeftOnLeave   = "left_on_leave"
	ReasonMeal          = "meal_taken"
	ReasonSecondByStaff = "second_meal_by_staff"
	ReasonNotStarted    = "not_started"
	ReasonNotYetDue     = "not_yet_due"
	ReasonNotSeen       = "not_seen"
	ReasonNotBack       = "not_back_after_leave"
	ReasonGap           = "gate_out_of_reach"
	ReasonNoPlace       = "no_place_to_be_seen"
	ReasonElsewhere     = "seen_elsewhere_only"
	ReasonLeave         = "leave"
	ReasonOffsite       = "leave_offsite"
	ReasonNotInSession  = "not_in_session"
	ReasonCorrected     = "corrected"
)

// The exceptions: what somebody should look at.
const (
	ExceptionDoubleDip   = "double_dip"
	ExceptionLowMargin   = "low_margin"
	ExceptionSkew        = "clock_skew"
	ExceptionGap         = "device_gap"
	ExceptionNoEntry     = "no_entry"
	ExceptionDorm        = "dorm_missing"
	ExceptionTravel      = "impossible_travel"
	ExceptionDuringLeave = "seen_during_leave"
)

// Explain words a reason or an exception for people, in "en" or "zh-CN"; a code that it does
// not know comes back as it is.
func Explain(code, language string) string {
	if state, ok := strings.CutPrefix(code, "computed_"); ok {
		if strings.HasPrefix(language, "zh") {
			return "系统计算结果为：" + state
		}
		return "computed before the correction: " + state
	}
	en, zh := wording(code)
	switch {
	case en == "":
		return code
	case strings.HasPrefix(language, "zh"):
		return zh
	}
	return en
}

func wording(code string) (en, zh string) {
	switch code {
	case ReasonInTime:
		return "seen in time", "按时到达"
	case ReasonLate:
		return "first seen after the due time", "超过规定时间后才到达"
	case ReasonLateOnLeave:
		return "came after an approved leave", "请假结束后到达"
	case ReasonSeenLeaving:
		return "only seen going out", "仅有离开记录"
	case ReasonLeft:
		return "went out before the end and did not come back", "提前离开且未返回"
	case ReasonLeftOnLeave:
		return "went out on an approved leave", "请假离开"
	case ReasonMeal:
		return "took the meal", "已用餐"
	case ReasonSecondByStaff:
		return "a second meal was given by staff", "工作人员手动补餐"
	case ReasonNotStarted:
		return "the session has not begun", "尚未开始"
	case ReasonNotYetDue:
		return "not seen yet, and not yet due", "尚未到规定时间"
	case ReasonNotSeen:
		return "not seen, while every gate could see", "设备正常但未见到本人"
	case ReasonNotBack:
		return "not back after an approved leave", "请假结束后未返回"
	case ReasonGap:
		return "not seen, but a gate was out of reach", "未见到本人，但有门口设备离线"
	case ReasonNoPlace:
		return "the school has no place where this could be seen", "没有可供识别的地点"
	case ReasonElsewhere:
		return "not seen at the gate, but seen elsewhere in the school", "未在门口出现，但在校内其他地点出现"
	case ReasonLeave:
		return "on approved leave", "已请假"
	case ReasonOffsite:
		return "approved to be elsewhere", "已批准外出"
	case ReasonNotInSession:
		return "this session does not concern the person", "无需参加"
	case ReasonCorrected:
		return "corrected by hand", "人工更正"
	}
	return exceptionWording(code)
}

func exceptionWording(code string) (en, zh string) {
	switch code {
	case ExceptionDoubleDip:
		return "seen a second time at the same meal", "同一餐重复就餐"
	case ExceptionLowMargin:
		return "the face is close to another person's", "人脸与他人相近"
	case ExceptionSkew:
		return "the device's clock was off by more than a minute", "设备时钟偏差超过一分钟"
	case ExceptionGap:
		return "a gate was out of reach: an earlier passage may be missing", "有设备离线，可能缺少记录"
	case ExceptionNoEntry:
		return "seen going out, never coming in", "有离开记录但无进入记录"
	case ExceptionDorm:
		return "missing in the dorm", "未归寝"
	case ExceptionTravel:
		return "in two buildings faster than anybody walks", "短时间内出现在两栋楼"
	case ExceptionDuringLeave:
		return "seen although on leave", "请假期间出现"
	}
	return "", ""
}
