package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/texts"
)

// Internal is the code of an error that is the gateway's own fault; the log has the cause
// under the request id.
const Internal g.Code = "internal"

// Problem is every error's body: RFC 9457, with a code for machines, the fields at fault and
// the request id that the log knows.
type Problem struct {
	Type      string         `json:"type" doc:"Where this code is explained; relative to the gateway's address." example:"/docs#invalid"`
	Title     string         `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	Status    int            `json:"status" doc:"The HTTP status." example:"422"`
	Detail    string         `json:"detail" doc:"What is wrong, where, and how to mend it." example:"zone: there is no zone \"zon_1\" in this school"`
	Code      g.Code         `json:"code" doc:"The class of the error; never changes its meaning." example:"invalid"`
	Reason    string         `json:"reason,omitempty" doc:"Names this very fault, where a program may have words of its own for it; absent for most." example:"factor_code"`
	RequestID string         `json:"request_id" doc:"Names this request in the gateway's log." example:"6f1c0a9be2d34c77"`
	Errors    []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"The fields at fault, where there are any."`

	Questions []Question `json:"questions,omitempty" nullable:"false" doc:"With the code confirm: what has to be answered before it is done."`

	language texts.Language
	headers  http.Header // others add theirs: huma.ErrorWithHeaders does
}

// FieldProblem is one field at fault.
type FieldProblem struct {
	Field   string `json:"field" doc:"The field, as a path: zone, steps[2].text." example:"zone"`
	Pointer string `json:"pointer,omitempty" doc:"The same as a JSON pointer into the body (RFC 6901, as a URI fragment), where the field is of the body." example:"#/zone"`
	Message string `json:"message" doc:"What is wrong with it." example:"there is no zone \"zon_1\" in this school"`
	Reason  string `json:"reason,omitempty" doc:"What is wrong with it as a word that never changes its meaning, where the operation lists such words."`

	Have float64 `json:"have,omitempty" doc:"With a reason that counts: how much there is."`
	Need float64 `json:"need,omitempty" doc:"With a reason that counts: how much has to be, or may be."`
}

// Confirm is the code of a response that asks questions: the same request
// is sent again with answers.
const Confirm g.Code = "confirm"

// Question has to be answered before a face is enrolled.
type Question struct {
	Ask     string     `json:"ask" doc:"unlike_own: the face is unlike the person's other ones. like_other: it looks like somebody else of the school. mouth_covered, eyes_covered: something seems to lie before them."`
	Answers []string   `json:"answers" nullable:"false" doc:"What can be answered; to give up is to send nothing."`
	Person  g.PersonID `json:"person,omitempty" doc:"like_other: whom it looks like."`
	Name    string     `json:"name,omitempty" doc:"The name of that person, for callers who may read people."`
	Score   float64    `json:"score" doc:"The cosine of the two faces; 0 where none are compared."`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders says in which language the problem is told, and what was added to that.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is that of RFC 9457, section 3.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statusOf is the one table from codes to HTTP statuses.
func statusOf(c g.Code) int {
	switch c {
	case g.Invalid:
		return http.StatusUnprocessableEntity
	case g.Unauthenticated:
		return http.StatusUnauthorized
	case g.Forbidden:
		return http.StatusForbidden
	case g.NotFound:
		return http.StatusNotFound
	case g.Conflict:
		return http.StatusConflict
	case g.Changed:
		return http.StatusPreconditionFailed
	case g.Gone:
		return http.StatusGone
	case g.Unavailable:
		return http.StatusServiceUnavailable
	case g.TooLarge:
		return http.StatusRequestEntityTooLarge
	case g.RateLimited:
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

// codeOf maps a status back to a code, for errors that come as a status.
func codeOf(status int) g.Code {
	switch status {
	case http.StatusUnauthorized:
		return g.Unauthenticated
	case http.StatusForbidden:
		return g.Forbidden
	case http.StatusNotFound:
		return g.NotFound
	case http.StatusConflict:
		return g.Conflict
	case http.StatusPreconditionFailed:
		return g.Changed
	case http.StatusGone:
		return g.Gone
	case http.StatusRequestEntityTooLarge:
		return g.TooLarge
	case http.StatusTooManyRequests:
		return g.RateLimited
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		return g.Unavailable
	}
	if status >= 500 {
		return Internal
	}
	return g.Invalid
}

// NewProblem makes a problem document in the language of the request.
func NewProblem(ctx context.Context, status int, code g.Code, detail g.Text) *Problem {
	l := LanguageOf(ctx)
	return &Problem{
		Type:      "/docs#" + string(code),
		Title:     title(l, status),
		Status:    status,
		Detail:    l.Text(detail),
		Code:      code,
		RequestID: RequestID(ctx),
		language:  l,
		headers: http.Header{
			"Content-Language": {string(l)},
			"Vary":             {"Accept-Language"},
		},
	}
}

// title is the status in words.
func title(l texts.Language, status int) string {
	if l == texts.Chinese {
		if words, ok := statusWords()[status]; ok {
			return l.Text(words)
		}
	}
	return http.StatusText(status)
}

func statusWords() map[int]g.Text {
	return map[int]g.Text{
		http.StatusBadRequest:            g.Word("Bad Request"),
		http.StatusUnauthorized:          g.Word("Unauthorized"),
		http.StatusForbidden:             g.Word("Forbidden"),
		http.StatusNotFound:              g.Word("Not Found"),
		http.StatusMethodNotAllowed:      g.Word("Method Not Allowed"),
		http.StatusNotAcceptable:         g.Word("Not Acceptable"),
		http.StatusRequestTimeout:        g.Word("Request Timeout"),
		http.StatusConflict:              g.Word("Conflict"),
		http.StatusGone:                  g.Word("Gone"),
		http.StatusPreconditionFailed:    g.Word("Precondition Failed"),
		http.StatusRequestEntityTooLarge: g.Word("Request Entity Too Large"),
		http.StatusUnsupportedMediaType:  g.Word("Unsupported Media Type"),
		http.StatusUnprocessableEntity:   g.Word("Unprocessable Entity"),
		http.StatusTooManyRequests:       g.Word("Too Many Requests"),
		http.StatusInternalServerError:   g.Word("Internal Server Error"),
		http.StatusServiceUnavailable:    g.Word("Service Unavailable"),
	}
}

// problem turns an error into the response's problem document. Errors that are not for people are
// logged, and the response says only that the fault is the gateway's.
func (gt *Gate) problem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *g.Error
	if errors.As(err, &e) {
		p = NewProblem(ctx, statusOf(e.Code), e.Code, e.Say())
		if e.Field != "" {
			p.Detail = e.Field + ": " + p.Detail
		}
		p.Reason = e.Reason
		if e.Field != "" {
			p.Errors = []FieldProblem{{
				Field:   e.Field,
				Pointer: pointerOf(ctx, e.Field),
				Message: p.language.Message(e),
				Reason:  e.Reason,
				Have:    e.Have,
				Need:    e.Need,
			}}
		}
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return NewProblem(ctx, http.StatusServiceUnavailable, g.Unavailable,
			g.Word("the request took too long or was given up; try again"))
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return NewProblem(ctx, http.StatusRequestEntityTooLarge, g.TooLarge, tooLarge(big.Limit))
	}
	gt.log.ErrorContext(
		ctx,
		"request went wrong",
		"request_id",
		RequestID(ctx),
		"error",
		err,
	)
	return fault(ctx)
}

// fault is the problem of an error that is the gateway's own.
func fault(ctx context.Context) *Problem {
	said := g.Word("something went wrong in the gateway; its log has the cause under this " +
		"request id")
	return NewProblem(ctx, http.StatusInternalServerError, Internal, said)
}

// tooLarge says how much is taken, for a limit that is the first size beyond it.
func tooLarge(limit int64) g.Text {
	if limit >= 1<<20 {
		return g.Textf("what was sent is larger than the %d MB that are taken here", limit>>20)
	}
	return g.Textf("what was sent is larger than the %d KB that are taken here", limit>>10)
}

// transform gives the errors that huma makes itself (a body that does not fit the schema)
// the shape of all others. The values that were sent are not echoed: they may be secrets.
func transform(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := m.Status
	said := g.Text{Format: m.Detail}
	if status == http.StatusRequestTimeout {
		said = g.Word(tooSlow)
	}
	var limit int64
	if _, text, ok := strings.Cut(m.Detail, "limit="); ok &&
		status == http.StatusRequestEntityTooLarge {
		if _, err := fmt.Sscanf(text, "%d", &limit); err == nil {
			said = tooLarge(limit)
		}
	}
	p := NewProblem(ctx.Context(), status, codeOf(status), said)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	for _, d := range m.Errors {
		field := d.Location
		for _, prefix := range []string{"body.", "query.", "path.", "header."} {
			field = strings.TrimPrefix(field, prefix)
		}
		of := field
		field, said := plainWords(field, d.Message)
		one := FieldProblem{
			Field:   field,
			Message: p.language.Text(said),
		}
		if strings.HasPrefix(d.Location, "body.") || field != of {
			one.Pointer = fragment(field)
		}
		p.Errors = append(p.Errors, one)
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Message
		if p.Errors[0].Field != "" {
			p.Detail = p.Errors[0].Field + ": " + p.Detail
		}
	}
	return p, nil
}

// pointerOf is where a field stands in the body of a request that has one.
func pointerOf(ctx context.Context, field string) string {
	r := RequestOf(ctx)
	if r == nil || safe(r.Method) || r.Method == http.MethodDelete || r.URL.Query().Has(field) ||
		field == idemHeader {
		return ""
	}
	if field == "body" {
		return "#"
	}
	return fragment(field)
}

// fragment writes steps[2].text as #/steps/2/text.
func fragment(field string) string {
	field = strings.NewReplacer("~", "~0", "/", "~1").Replace(field)
	return "#/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(field)
}

// refuse writes a problem outside huma.
func refuse(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	for name, values := range p.GetHeaders() {
		w.Header().Set(name, values[0])
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone; nobody is left to tell
}
