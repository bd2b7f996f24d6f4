package driverpb

import (
	"context"
	"errors"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-iot/gatehouse"
)

// FromError converts an error for the wire; nil stays nil. An error that is no gatehouse.Error is
// sent with its text and the code unavailable.
func FromError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *gatehouse.Error
	if errors.As(err, &e) {
		w := &Error{
			Code:    text(string(e.Code)),
			Message: clip(text(e.Message)),
			Field:   text(e.Field),
			Reason:  text(e.Reason),
			Have:    e.Have,
			Need:    e.Need,
			Params:  Texts(e.Params),
		}
		if e.Text != nil {
			w.Said = e.Text.Keep()
		}
		return w
	}
	return &Error{
		Code:    string(gatehouse.Unavailable),
		Message: clip(text(err.Error())),
	}
}

// ToError is the inverse of FromError; nil stays nil. An unknown code becomes unavailable.
func ToError(w *Error) error {
	if w == nil {
		return nil
	}
	e := &gatehouse.Error{
		Code:    gatehouse.Code(w.GetCode()),
		Message: clip(w.GetMessage()),
		Field:   w.GetField(),
		Reason:  w.GetReason(),
		Have:    finite(w.GetHave()),
		Need:    finite(w.GetNeed()),
		Params:  w.GetParams(),
	}
	if _, ok := grpcCode(e.Code); !ok {
		e.Code = gatehouse.Unavailable
	}
	if t, ok := gatehouse.ReadText(w.GetSaid(), e.Message); ok {
		e.Text = &t
	}
	if e.Message == "" {
		e.Message = "the other side gave no reason"
	}
	return e
}

// StatusError returns err as a gRPC status with an Error as its detail; nil stays nil.
func StatusError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return status.FromContextError(context.Canceled).Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(context.DeadlineExceeded).Err()
	}
	w := FromError(err)
	code, _ := grpcCode(gatehouse.Code(w.Code))
	s, detailErr := status.New(code, w.Message).WithDetails(w)
	if detailErr != nil {
		return status.Error(code, w.Message)
	}
	return s.Err()
}

// CallError returns the error of a gRPC call as a gatehouse.Error, or context.Canceled. who names
// the other side in messages, e.g. `driver "modbus"`.
func CallError(who string, err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	for _, d := range s.Details() {
		if w, ok := d.(*Error); ok {
			return ToError(w)
		}
	}
	switch s.Code() {
	case codes.Canceled:
		return context.Canceled
	case codes.DeadlineExceeded:
		return gatehouse.Errorf(gatehouse.Unavailable, "%s did not answer in time", who)
	case codes.Unimplemented:
		return gatehouse.Errorf(gatehouse.NotFound, "%s has no such function", who)
	case codes.ResourceExhausted:
		return gatehouse.Errorf(gatehouse.TooLarge, "%s gave or was given more than %d bytes", who,
			MaxMessage)
	case codes.Unavailable:
		return gatehouse.Errorf(gatehouse.Unavailable, "%s ended before it answered", who)
	}
	return gatehouse.Errorf(plainCode(s.Code()), "%s: %s", who, clip(s.Message()))
}

// plainCode maps the code of a gRPC status without an Error detail, as sent by programs that do not
// use package drivers.
func plainCode(c codes.Code) gatehouse.Code {
	for _, code := range []gatehouse.Code{
		gatehouse.Invalid, gatehouse.Unauthenticated, gatehouse.Forbidden, gatehouse.NotFound,
		gatehouse.Conflict, gatehouse.TooLarge,
	} {
		if of, _ := grpcCode(code); of == c {
			return code
		}
	}
	return gatehouse.Unavailable
}

func grpcCode(c gatehouse.Code) (codes.Code, bool) {
	switch c {
	case gatehouse.Invalid:
		return codes.InvalidArgument, true
	case gatehouse.Unauthenticated:
		return codes.Unauthenticated, true
	case gatehouse.Forbidden:
		return codes.PermissionDenied, true
	case gatehouse.NotFound:
		return codes.NotFound, true
	case gatehouse.Conflict:
		return codes.Aborted, true
	case gatehouse.Unavailable:
		return codes.Unavailable, true
	case gatehouse.TooLarge:
		return codes.OutOfRange, true
	case gatehouse.RateLimited:
		return codes.ResourceExhausted, true
	}
	return codes.Unknown, false
}

// finite returns v, or 0 if JSON cannot represent it.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
