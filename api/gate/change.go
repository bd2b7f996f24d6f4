package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Tagged is an answer with the tag of what it shows.
type Tagged[T any] struct {
	ETag string `header:"ETag" doc:"Names this state. Send it as If-Match with a change, or as If-None-Match to be told 304 while nothing has changed."`
	Body T
}

// WithTag is an answer that shows x under a tag.
func WithTag[T any](tag string, x T) *Tagged[T] {
	return &Tagged[T]{
		ETag: tag,
		Body: x,
	}
}

// Matching is embedded in the inputs of changes.
type Matching struct {
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"The ETag of the state that was read. Where somebody changed it meanwhile the answer is 412 and nothing is done. Absent: whatever is there is changed."`
}

// ByIDMatching is the input of a deletion.
type ByIDMatching struct {
	ByID
	Matching
}

// Patching is the input of a merge patch.
type Patching struct {
	ByID
	Matching
	RawBody []byte `contentType:"application/merge-patch+json"`
}

// TagOf is the entity tag of a state (RFC 9110, section 8.8.3). What changes by itself, such as
// measured values, goes into more: it changes the response's tag, but If-Match ignores it.
func TagOf(state any, more ...any) string {
	tag := hashJSON(state)
	if len(more) > 0 {
		tag += "-" + hashJSON(more)
	}
	return `"` + tag + `"`
}

func hashJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "none"
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Matches says whether one of the tags of an If-Match is that of the state.
func Matches(header, tag string) bool {
	return anyTag(header, func(one string) bool {
		state, _, _ := strings.Cut(strings.Trim(one, `"`), "-")
		return `"`+state+`"` == tag
	})
}

// ChangedMeanwhile is the error of a change whose If-Match names another state than the current
// one.
func ChangedMeanwhile() error {
	return g.Errorf(g.Changed,
		"somebody changed it meanwhile: read it again, and make your change to what is there now")
}

// Thing is a kind of resource that is changed as a whole or in part. B is the body that a
// change has, T what is kept.
type Thing[B, T any] struct {
	Load  func(ctx context.Context, id string) (T, error)
	State func(T) any // the part that its tag covers; nil: all
	Save  func(ctx context.Context, id string, b B) (T, error)
	// the part in the response; nil: all
	Show func(ctx context.Context, kept T, said map[string]any) T
	// adds what only the response to the change shows, such as a secret; nil: nothing
	Once func(now *T, saved T)
}

func (k Thing[B, T]) tag(x T) string {
	if k.State != nil {
		return TagOf(k.State(x))
	}
	return TagOf(x)
}

// unchanged makes the change under the context depend on the state that match names, if any.
func (k Thing[B, T]) unchanged(ctx context.Context, match, id string) context.Context {
	if match == "" {
		return ctx
	}
	return registry.When(ctx, func(ctx context.Context) error {
		now, err := k.Load(ctx, id)
		if err != nil {
			return err
		}
		if !Matches(match, k.tag(now)) {
			return ChangedMeanwhile()
		}
		return nil
	})
}

// change sets the members that the body names and leaves the rest, so that a client does not remove
// what it does not know or may not see. In a merge patch (RFC 7396) null removes a value.
func (k Thing[B, T]) change(
	gt *Gate, ctx context.Context, id, match string, body []byte, merge bool,
) (*Tagged[T], error) {
	said := map[string]any{}
	if err := ReadPatch(body, &said); err != nil {
		return nil, err
	}
	if merge {
		if err := ExactNames(said, reflect.TypeFor[B]()); err != nil {
			return nil, err
		}
	}
	for tries := 0; ; tries++ {
		out, err := k.try(gt, ctx, id, match, said, merge)
		if g.ErrorCode(err) == g.Changed && match == "" && tries < 3 {
			continue // without If-Match: apply it to what is there now
		}
		return out, err
	}
}

// keptKey is the context's key of the thing as it was read for the change. Whoever saves need not
// read it again, since the change depends on that state.
type keptKey struct{}

// KeptOf is what is changed under the context; false where nobody has read it.
func KeptOf[T any](ctx context.Context) (T, bool) {
	x, ok := ctx.Value(keptKey{}).(T)
	return x, ok
}

// ReadPatch decodes a JSON object within the gateway's bounds. It refuses duplicate keys and
// whatever else CheckJSON does; numbers stay as they are written.
func ReadPatch(body []byte, into *map[string]any) error {
	if err := g.BoundJSON(body, g.JSONDepth, g.JSONValues); err != nil {
		return err
	}
	if err := CheckJSON(body); err != nil {
		var fault *JSONFault
		if errors.As(err, &fault) && fault.Field != "" {
			return g.FieldErrorf(fault.Field, "%s", fault.Said)
		}
		if fault != nil {
			return g.Errorf(g.Invalid, "the body is no valid JSON: %v", fault.Said)
		}
		return g.Errorf(g.Invalid, "the body is no valid JSON: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(into); err != nil || *into == nil {
		return g.FieldErrorf("body",
			"the body is no JSON object: send the members to change, like {\"name\":\"…\"}")
	}
	return nil
}

func (k Thing[B, T]) try(
	gt *Gate, ctx context.Context, id, match string, said map[string]any, merge bool,
) (*Tagged[T], error) {
	kept, err := k.Load(ctx, id)
	if g.ErrorCode(err) == g.NotFound && !merge && match == "" {
		b, err := bodyOf[B](gt, said)
		if err != nil {
			return nil, err
		}
		made, err := k.Save(ctx, id, b)
		return &Tagged[T]{k.tag(made), made}, err
	}
	if err != nil {
		return nil, err
	}
	tag := k.tag(kept)
	if match != "" && !Matches(match, tag) {
		return nil, ChangedMeanwhile()
	}
	whole, err := AsMap(kept)
	if err != nil {
		return nil, err
	}
	properties := schemaOf[B](gt).Properties
	for key := range whole {
		if properties[key] == nil { // stored, but not part of a change's body
			delete(whole, key)
		}
	}
	for key, v := range said {
		if merge {
			MergeInto(whole, key, v)
		} else {
			whole[key] = v
		}
	}
	b, err := bodyOf[B](gt, whole)
	if err != nil {
		return nil, err
	}
	ctx = context.WithValue(k.unchanged(ctx, tag, id), keptKey{}, kept)
	saved, err := k.Save(ctx, id, b)
	if err != nil {
		return nil, err
	}
	now, err := k.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &Tagged[T]{k.tag(now), now}
	if k.Once != nil {
		k.Once(&out.Body, saved)
	}
	if k.Show != nil {
		out.Body = k.Show(ctx, now, said)
	}
	return out, nil
}

// MergeInto applies one member of a merge patch (RFC 7396, section 2).
func MergeInto(target map[string]any, key string, v any) {
	patch, isObject := v.(map[string]any)
	switch {
	case v == nil:
		delete(target, key)
	case !isObject:
		target[key] = v
	default:
		inner, ok := target[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
		}
		for k, v := range patch {
			MergeInto(inner, k, v)
		}
		target[key] = inner
	}
}

// AsMap turns v into its JSON object, without members that are null. Numbers stay as they are
// written.
func AsMap(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err = d.Decode(&m)
	for key, v := range m {
		if v == nil {
			delete(m, key) // a list that is nil; the schema takes no null
		}
	}
	return m, err
}

func schemaOf[B any](gt *Gate) *huma.Schema {
	schemas := gt.api.OpenAPI().Components.Schemas
	schema := schemas.Schema(reflect.TypeFor[B](), true, "")
	for schema.Ref != "" {
		schema = schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// bodyOf validates a whole document by the schema of B, as if it had been sent, and decodes it.
func bodyOf[B any](gt *Gate, whole map[string]any) (b B, err error) {
	raw, err := json.Marshal(whole)
	if err != nil {
		return b, err
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return b, err
	}
	path, result := huma.NewPathBuffer(make([]byte, 0, 128), 0), &huma.ValidateResult{}
	huma.Validate(gt.api.OpenAPI().Components.Schemas, schemaOf[B](gt), path, huma.ModeWriteToServer,
		plain, result)
	if len(result.Errors) > 0 {
		e := result.Errors[0]
		if d, ok := e.(*huma.ErrorDetail); ok {
			field, words := plainWords(d.Location, d.Message)
			return b, g.FieldErrorf(field, "%s", words)
		}
		return b, g.Errorf(g.Invalid, "%v", e)
	}
	var fault *JSONFault
	if err := inWords(json.Unmarshal(raw, &b)); errors.As(err, &fault) {
		return b, g.FieldErrorf(fault.Field, "%s", fault.Said)
	} else if err != nil {
		return b, g.Errorf(g.Invalid, "%v", err)
	}
	return b, nil
}

// Changes registers PUT and PATCH of a kind of thing. doc says more of PUT.
func Changes[B, T any](gt *Gate, e Endpoint, noun string, k Thing[B, T]) {
	doc := e.Doc
	e.Method = http.MethodPut
	e.ID = "update-" + noun
	e.Matching = true
	e.Doc = strings.TrimSpace(doc + "\n\nWhat the body does not name stays as it is.")
	Handle(gt, e, func(ctx context.Context, in *Put[B]) (*Tagged[T], error) {
		return k.change(
			gt,
			ctx,
			in.ID,
			in.IfMatch,
			rawBody(ctx),
			false,
		)
	})
	e.Method, e.ID = http.MethodPatch, "patch-"+noun
	e.Summary += " in part"
	e.Doc = strings.TrimSpace(doc +
		"\n\nA merge patch (RFC 7396): what it names is changed, null takes a value away.")
	Handle(gt, e, func(ctx context.Context, in *Patching) (*Tagged[T], error) {
		return k.change(
			gt,
			ctx,
			in.ID,
			in.IfMatch,
			in.RawBody,
			true,
		)
	})
	partial(gt, e.Path, schemaOf[B](gt), reflect.TypeFor[B]())
}

// Deletes registers the deletion of a kind of thing.
func Deletes[B, T any](
	gt *Gate, e Endpoint, noun string, k Thing[B, T], remove func(ctx context.Context, id string) error,
) {
	e.Method = http.MethodDelete
	e.ID = "delete-" + noun
	e.Matching = true
	Handle(gt, e, func(ctx context.Context, in *ByIDMatching) (*None, error) {
		return &None{}, remove(k.unchanged(ctx, in.IfMatch, in.ID), in.ID)
	})
}

// Reads registers the reading of one thing, with its tag.
func Reads[T any](
	gt *Gate, e Endpoint, noun string, load func(ctx context.Context, id string) (T, error),
) {
	e.Method, e.ID = http.MethodGet, "get-"+noun
	Handle(gt, e, func(ctx context.Context, in *ByID) (*Tagged[T], error) {
		x, err := load(ctx, in.ID)
		return &Tagged[T]{TagOf(x), x}, err
	})
}

// ReadsThing registers the reading of one thing that is changed too: the tag names the state that a
// change depends on, and beside it all that is shown.
func ReadsThing[B, T any](gt *Gate, e Endpoint, noun string, k Thing[B, T]) {
	e.Method, e.ID = http.MethodGet, "get-"+noun
	Handle(gt, e, func(ctx context.Context, in *ByID) (*Tagged[T], error) {
		x, err := k.Load(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if k.State == nil {
			return WithTag(TagOf(x), x), nil
		}
		return WithTag(TagOf(k.State(x), x), x), nil
	})
}

// partial documents the body of a PATCH: the body of a PUT of which nothing is required.
func partial(gt *Gate, at string, whole *huma.Schema, t reflect.Type) {
	schemas := gt.api.OpenAPI().Components.Schemas
	name := strings.TrimSuffix(path.Base(schemas.Schema(t, true, "").Ref), "Input") + "Patch"
	patch := &huma.Schema{
		Type:                 huma.TypeObject,
		Description:          "A merge patch (RFC 7396): null takes a value away.",
		AdditionalProperties: false,
		Properties:           map[string]*huma.Schema{},
	}
	for key, p := range whole.Properties {
		if !strings.HasPrefix(p.Description, "Ignored") {
			patch.Properties[key] = p
		}
	}
	schemas.Map()[name] = patch
	op := gt.api.OpenAPI().Paths[at].Patch
	media := &huma.MediaType{Schema: &huma.Schema{Ref: "#/components/schemas/" + name}}
	op.RequestBody.Required = true
	op.RequestBody.Content = map[string]*huma.MediaType{
		"application/merge-patch+json": media,
		"application/json":             media,
	}
}

// rawBody is the body of the request as it was sent.
func rawBody(ctx context.Context) []byte {
	b, _ := ctx.Value(keyBody).([]byte)
	return b
}

// conditional turns an answer whose ETag the caller has into 304.
type conditional struct {
	http.ResponseWriter
	have []string // If-None-Match
	same bool
}

func (c *conditional) WriteHeader(status int) {
	if tag := c.Header().Get("ETag"); status == http.StatusOK && tag != "" && HasTag(c.have, tag) {
		c.same = true
		c.Header().Del("Content-Type")
		c.Header().Del("Content-Length")
		status = http.StatusNotModified
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *conditional) Write(b []byte) (int, error) {
	if c.same {
		return len(b), nil
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer below.
func (c *conditional) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// HasTag compares weakly, as If-None-Match does.
func HasTag(values []string, tag string) bool {
	return anyTag(strings.Join(values, ","), func(one string) bool { return one == tag })
}

// anyTag tells whether one of the tags of a header is the one, or is *, which matches any. Proxies
// that compress make tags weak; these still name the same state.
func anyTag(header string, is func(tag string) bool) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || is(one) {
			return true
		}
	}
	return false
}
