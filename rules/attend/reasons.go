package attend

// The reasons of an answer, as codes that never change their meaning; the console has their texts.
const (
	ReasonInTime        = "seen_in_time"
	ReasonReturned      = "left_and_came_back"
	ReasonLate          = "seen_after_due"
	ReasonLateOnLeave   = "seen_after_leave"
	ReasonSeenLeaving   = "seen_leaving_only"
	ReasonSeenInside    = "seen_inside"
	ReasonWentBefore    = "left_before_due"
	ReasonLeft          = "left_before_end"
	ReasonLeftOnLeave   = "left_on_leave"
	ReasonUnclear       = "direction_unclear"
	ReasonMeal          = "meal_taken"
	ReasonOtherSitting  = "meal_at_other_sitting"
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

// Reasons lists every code but those of what was computed before a correction, computed_STATE.
func Reasons() []string {
	return []string{
		ReasonInTime, ReasonReturned, ReasonLate, ReasonLateOnLeave, ReasonSeenLeaving, ReasonSeenInside,
		ReasonWentBefore, ReasonLeft, ReasonLeftOnLeave, ReasonUnclear, ReasonMeal, ReasonOtherSitting,
		ReasonSecondByStaff, ReasonNotStarted, ReasonNotYetDue, ReasonNotSeen, ReasonNotBack, ReasonGap,
		ReasonNoPlace, ReasonElsewhere, ReasonLeave, ReasonOffsite, ReasonNotInSession, ReasonCorrected,
	}
}

// The exceptions: answers that somebody should check.
const (
	ExceptionDoubleDip   = "double_dip"
	ExceptionLowMargin   = "low_margin"
	ExceptionSkew        = "clock_skew"
	ExceptionGap         = "device_gap"
	ExceptionNoEntry     = "no_entry"
	ExceptionDorm        = "dorm_missing"
	ExceptionTravel      = "impossible_travel"
	ExceptionDuringLeave = "seen_during_leave"
	ExceptionElsewhere   = "seen_elsewhere"
)

// Exceptions lists every exception.
func Exceptions() []string {
	return []string{
		ExceptionDoubleDip, ExceptionLowMargin, ExceptionSkew, ExceptionGap, ExceptionNoEntry,
		ExceptionDorm, ExceptionTravel, ExceptionDuringLeave, ExceptionElsewhere,
	}
}
