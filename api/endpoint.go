package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// endpoint is what an operation says of itself; the OpenAPI document, the gate before it and
// the tests are made from it.
type endpoint struct {
	method, path string
	id           string // operationId
	tag          string
	summary      string
	doc          string // more than the summary
	example      string // a shell command that works; the tests run it
	perm         g.Permission
	public       bool     // nobody needs to be signed in
	strict       bool     // public, and counted as an attempt to sign in
	stream       bool     // the answer goes on
	status       int      // of success; 0: 200, or 204 without a body
	max          int64    // bytes of body; 0: 1 MiB, of a stranger's 16 KiB
	raw          string   // content type of an answer that is not JSON
	query        []string // the query parameters, where the input does not say; nil: it does
	matching     bool     // heeds If-Match
	conflict     bool     // may answer 409 of its own
	unavailable  bool     // may answer 503: needs a part that can be down
}

func (e endpoint) maxBody() int64 {
	switch {
	case e.max > 0:
		return e.max
	case e.public:
		return 16 << 10
	}
	return 1 << 20
}

// gated registers each operation behind its guard.
type gated struct {
	mux *http.ServeMux
	s   *Server
}

// Handle implements huma.Adapter.
func (a *gated) Handle(op *huma.Operation, next func(huma.Context)) {
	e, _ := op.Metadata["endpoint"].(endpoint)
	a.mux.Handle(op.Method+" "+op.Path, a.s.guard(e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next(humago.NewContext(op, r, w))
	})))
}

// ServeHTTP implements huma.Adapter.
func (a *gated) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// handle registers one operation.
func handle[I, O any](s *Server, e endpoint, h func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		Method: e.method, Path: e.path, OperationID: e.id, Tags: []string{e.tag}, Summary: e.summary, Description: describe(e),
		DefaultStatus: e.status, MaxBodyBytes: e.maxBody() + 1, BodyReadTimeout: -1, // the body's own: patient
		RejectUnknownQueryParameters: e.query == nil,
		Metadata:                     map[string]any{"endpoint": e}, Responses: e.problems(isList[I]()),
		Security: []map[string][]string{{"key": {}}, {"browser": {}}},
	}
	if e.public {
		op.Security = []map[string][]string{}
	}
	if e.raw != "" {
		status := "200"
		op.Responses[status] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{e.raw: {Schema: &huma.Schema{Type: "string"}}}}
		if e.raw == "application/json" {
			op.Responses[status].Content[e.raw].Schema = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
		}
		if strings.HasPrefix(e.raw, "image/") {
			op.Responses[status].Content[e.raw].Schema = &huma.Schema{Type: "string", Format: "binary"}
		}
	}
	if e.method == http.MethodPost && !e.public && !e.stream {
		op.Parameters = append(op.Parameters, &huma.Param{Ref: "#/components/parameters/IdempotencyKey"})
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		var early *registry.TooSoon
		if errors.As(err, &early) {
			return nil, huma.ErrorWithHeaders(s.problem(ctx, err), http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(early.After.Seconds())))}})
		}
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// describe is the operation's text: what it does, who may, and how to try it.
func describe(e endpoint) string {
	var b strings.Builder
	b.WriteString(e.doc)
	switch {
	case e.public:
	case e.perm != "":
		b.WriteString("\n\nNeeds the permission `" + string(e.perm) + "`.")
	default:
		b.WriteString("\n\nFor everybody who is signed in.")
	}
	if e.example != "" {
		b.WriteString("\n\n```sh\n" + e.example + "\n```")
	}
	return strings.TrimSpace(b.String())
}

// problems lists every error that the operation can answer.
func (e endpoint) problems(list bool) map[string]*huma.Response {
	codes := []int{http.StatusTooManyRequests, http.StatusInternalServerError}
	if !e.public || e.strict {
		codes = append(codes, http.StatusUnauthorized)
	}
	if e.perm != "" || !safe(e.method) {
		codes = append(codes, http.StatusForbidden)
	}
	if strings.Contains(e.path, "{") {
		codes = append(codes, http.StatusNotFound)
	}
	codes = append(codes, http.StatusUnprocessableEntity)
	if e.matching {
		codes = append(codes, http.StatusPreconditionFailed)
	}
	if e.method == http.MethodPost || e.method == http.MethodPut || e.method == http.MethodPatch {
		codes = append(codes, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if e.conflict || e.method == http.MethodPost && !e.public {
		codes = append(codes, http.StatusConflict)
	}
	if list {
		codes = append(codes, http.StatusGone)
	}
	if e.unavailable || e.stream {
		codes = append(codes, http.StatusServiceUnavailable)
	}
	m := map[string]*huma.Response{}
	for _, c := range codes {
		m[strconv.Itoa(c)] = &huma.Response{Ref: "#/components/responses/" + strings.ReplaceAll(http.StatusText(c), " ", "")}
	}
	return m
}

// isList says whether an operation's input has a cursor.
func isList[I any]() bool {
	t := reflect.TypeFor[I]()
	if t.Kind() != reflect.Struct {
		return false
	}
	_, ok := t.FieldByName("Cursor")
	return ok
}

// body wraps an answer's body.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// list is every list's shape.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"The rows of this page."`
	Next  string `json:"next" doc:"Pass it as cursor for the next page; empty: this is the last."`
}

func listed[T any](rows []T, next string, err error) (*body[page[T]], error) {
	if err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []T{}
	}
	return &body[page[T]]{page[T]{rows, next}}, nil
}

// paged is a page of a list that is short enough to be read as a whole. key names a row for as
// long as it lives: no change of other rows makes a walk lose one, or see one twice.
func paged[T any](s *Server, all []T, p Paged, err error, key func(T) string) (*body[page[T]], error) {
	if err != nil {
		return nil, err
	}
	return listed(registry.Walk(s.walks, all, registry.Page{Limit: p.Limit, Cursor: p.Cursor}, key))
}

// none is the input or output of operations without one.
type none struct{}

// Paged is embedded in the inputs of lists.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows of a page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next of the page before."`
}

// perSchool is the input of a list that can be of one school.
type perSchool struct {
	Paged
	InSchool
}

// InSchool is embedded where a school can be chosen.
type InSchool struct {
	School g.SchoolID `query:"school" maxLength:"64" doc:"The school; empty: the caller's own, and with a district all of its schools."`
}

// ByID is the input of operations on one thing.
type ByID struct {
	ID string `path:"id" maxLength:"64" doc:"The id."`
}
