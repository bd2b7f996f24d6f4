package gate

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
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

// Endpoint is what an operation says of itself; the OpenAPI document, the gate before it and
// the tests are made from it.
type Endpoint struct {
	Method, Path string
	ID           string // operationId
	Tag          string
	Summary      string
	Doc          string // more than the summary
	Example      string // a shell command that works; the tests run it
	Perm         g.Permission
	Public       bool     // nobody needs to be signed in
	Strict       bool     // public, and counted as an attempt to sign in
	Stream       bool     // the answer is a stream
	bodiless     bool     // its input has no body
	Status       int      // of success; 0: 200, or 204 without a body
	Max          int64    // bytes of body; 0: 1 MiB, or 16 KiB where Public
	Raw          string   // content type of an answer that is not JSON
	Query        []string // query parameters, where the input does not declare them; nil: it does
	Matching     bool     // honours If-Match
	Conflict     bool     // may answer 409 of its own
	Unavailable  bool     // may answer 503: needs a part that can be down
	Screen       bool     // a guard room's screen reads it
}

func (e Endpoint) maxBody() int64 {
	switch {
	case e.Max > 0:
		return e.Max
	case e.Public:
		return 16 << 10
	}
	return 1 << 20
}

// gated registers each operation behind its guard.
type gated struct {
	mux *http.ServeMux
	s   *Gate
}

// Handle implements huma.Adapter.
func (a *gated) Handle(op *huma.Operation, next func(huma.Context)) {
	e, _ := op.Metadata["endpoint"].(Endpoint)
	a.mux.Handle(op.Method+" "+op.Path,
		a.s.guard(e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next(humago.NewContext(op, r, w))
		})))
}

// ServeHTTP implements huma.Adapter.
func (a *gated) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Handle registers one operation.
func Handle[I, O any](gt *Gate, e Endpoint, h func(context.Context, *I) (*O, error)) {
	e.bodiless = !takesBody[I]() && e.Raw == "" // raw answers are of handlers that read by themselves
	op := huma.Operation{
		Method:                       e.Method,
		Path:                         e.Path,
		OperationID:                  e.ID,
		Tags:                         []string{e.Tag},
		Summary:                      e.Summary,
		Description:                  describe(e),
		DefaultStatus:                e.Status,
		MaxBodyBytes:                 e.maxBody() + 1,
		BodyReadTimeout:              -1, // the body has deadlines of its own: see patient
		RejectUnknownQueryParameters: e.Query == nil,
		Metadata:                     map[string]any{"endpoint": e},
		Responses:                    e.problems(isList[I]()),
		Security:                     []map[string][]string{{"key": {}}, {"browser": {}}},
	}
	if e.Public {
		op.Security = []map[string][]string{}
	}
	if e.Raw != "" {
		status := "200"
		op.Responses[status] = &huma.Response{
			Description: "OK",
			Content:     map[string]*huma.MediaType{e.Raw: {Schema: &huma.Schema{Type: "string"}}},
		}
		if e.Raw == "application/json" {
			op.Responses[status].Content[e.Raw].Schema = &huma.Schema{
				Type:                 huma.TypeObject,
				AdditionalProperties: true,
			}
		}
		if strings.HasPrefix(e.Raw, "image/") {
			op.Responses[status].Content[e.Raw].Schema = &huma.Schema{
				Type:   "string",
				Format: "binary",
			}
		}
	}
	if e.Method == http.MethodPost && !e.Public && !e.Stream {
		op.Parameters = append(op.Parameters,
			&huma.Param{Ref: "#/components/parameters/IdempotencyKey"})
	}
	huma.Register(gt.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		var early *access.TooSoon
		if errors.As(err, &early) {
			return nil, huma.ErrorWithHeaders(gt.problem(ctx, err),
				http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(early.After.Seconds())))}})
		}
		if err != nil {
			return nil, gt.problem(ctx, err)
		}
		return out, nil
	})
}

// describe is the operation's text: what it does, who may, and how to try it.
func describe(e Endpoint) string {
	var b strings.Builder
	b.WriteString(e.Doc)
	switch {
	case e.Public:
	case e.Perm != "":
		b.WriteString("\n\nNeeds the permission `" + string(e.Perm) + "`.")
	default:
		b.WriteString("\n\nFor everybody who is signed in.")
	}
	if e.Example != "" {
		b.WriteString("\n\n```sh\n" + e.Example + "\n```")
	}
	return strings.TrimSpace(b.String())
}

// problems lists every error that the operation can answer.
func (e Endpoint) problems(list bool) map[string]*huma.Response {
	codes := []int{http.StatusTooManyRequests, http.StatusInternalServerError}
	if !e.Public || e.Strict {
		codes = append(codes, http.StatusUnauthorized)
	}
	if e.Perm != "" || !safe(e.Method) {
		codes = append(codes, http.StatusForbidden)
	}
	if strings.Contains(e.Path, "{") {
		codes = append(codes, http.StatusNotFound)
	}
	codes = append(codes, http.StatusUnprocessableEntity)
	if e.Matching {
		codes = append(codes, http.StatusPreconditionFailed)
	}
	if e.Method == http.MethodPost || e.Method == http.MethodPut || e.Method == http.MethodPatch {
		codes = append(codes, http.StatusBadRequest, http.StatusRequestTimeout,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if e.Conflict || e.Method == http.MethodPost && !e.Public {
		codes = append(codes, http.StatusConflict)
	}
	if list {
		codes = append(codes, http.StatusGone)
	}
	if e.Unavailable || e.Stream {
		codes = append(codes, http.StatusServiceUnavailable)
	}
	m := map[string]*huma.Response{}
	for _, c := range codes {
		m[strconv.Itoa(c)] = &huma.Response{Ref: "#/components/responses/" + answerName(c)}
	}
	return m
}

// takesBody says whether an operation's input is, or has, a body.
func takesBody[I any]() bool {
	t := reflect.TypeFor[I]()
	if t.Kind() != reflect.Struct {
		return true
	}
	_, decoded := t.FieldByName("Body")
	_, raw := t.FieldByName("RawBody")
	return decoded || raw
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

// Body wraps an answer's body.
type Body[T any] struct{ Body T }

// Answer wraps v as the answer of an operation, or passes the error on.
func Answer[T any](v T, err error) (*Body[T], error) {
	if err != nil {
		return nil, err
	}
	return &Body[T]{v}, nil
}

// Page is the shape of every list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"The rows of this page."`
	Next  string `json:"next" doc:"Pass it as cursor for the next page; empty: this is the last."`
}

// Listed makes a page of rows, or passes the error on.
func Listed[T any](rows []T, next string, err error) (*Body[Page[T]], error) {
	if err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []T{}
	}
	return &Body[Page[T]]{Page[T]{rows, next}}, nil
}

// PageOf is a page of a list that is short enough to be read as a whole. key is a row's
// permanent name: whatever happens to other rows, a caller who pages through the list misses
// no row and sees none twice.
func PageOf[T any](
	gt *Gate, all []T, p Paged, err error, key func(T) string,
) (*Body[Page[T]], error) {
	if err != nil {
		return nil, err
	}
	return Listed(registry.Walk(gt.walks, all, registry.Page{
		Limit:  p.Limit,
		Cursor: p.Cursor,
	}, key))
}

// Some returns x, or an empty list in place of nil, which JSON would write as null.
func Some[T any](x []T) []T {
	if x == nil {
		return []T{}
	}
	return x
}

// Missing is the answer where a part of the gateway is not there.
func Missing(part string) error {
	return g.Errorf(g.Unavailable, "this gateway runs without %s", g.Word(part))
}

// Put is the input of a change to one thing.
type Put[T any] struct {
	ByID
	Matching
	Body T
}

// Post is the input of making one thing.
type Post[T any] struct{ Body T }

// None is the input or output of an operation that has none.
type None struct{}

// Paged is embedded in the inputs of lists.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows of a page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next of the page before."`
}

// PerSchool is the input of a list that can be of one school.
type PerSchool struct {
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

// AtVersion is the part of a body that says what its writer has seen.
type AtVersion struct {
	Version int `json:"version" minimum:"0" doc:"The version that was seen; another is a conflict." example:"1"`
}

// WordsOf are the words of an enumeration as Schemas.OneOf takes them.
func WordsOf[T ~string](words []T) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}
