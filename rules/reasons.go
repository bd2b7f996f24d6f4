package rules

// The reasons of a result, as codes that never change their meaning; the console has their texts.
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

// The exceptions: results that somebody should check.
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
