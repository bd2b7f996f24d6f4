package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of one request.
const (
	maxPoints = 11_000    // of a range query's series, as Prometheus has it
	maxSeries = 100_000   // of a series request
	maxForm   = 128 << 10 // bytes of a posted form
)

// Handler answers the Prometheus HTTP API (version 1: query, query_range, labels, label
// values, series, metadata, status/buildinfo; GET and form POST) below prefix for a caller
// who may see the allowed schools. The caller has authenticated the request.
func (q *Queries) Handler(prefix string, allowed Allowed) http.Handler {
	h := handler{
		engine: q.engine,
		q: scopedSource{
			Queryable: q.source,
			by:        allowed.matcher(),
		},
	}
	mux := http.NewServeMux()
	route := func(path string, f func(*http.Request) (any, error)) {
		serve := func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				Answer(w, nil, badForm(err))
				return
			}
			if err := checkForm(r.Form, Params(path)); err != nil {
				Answer(w, nil, err)
				return
			}
			ctx, cancel := context.WithTimeout(r.Context(), maxTime)
			defer cancel()
			data, err := f(r.WithContext(ctx))
			Answer(w, data, err)
		}
		mux.HandleFunc("GET "+prefix+path, serve)
		mux.HandleFunc("POST "+prefix+path, serve)
	}
	route("/query", h.query)
	route("/query_range", h.queryRange)
	route("/labels", h.labels)
	route("/label/{name}/values", h.labelValues)
	route("/series", h.series)
	for path, empty := range Empty() {
		route(path, func(*http.Request) (any, error) { return empty, nil })
	}
	return mux
}

// badForm says what is wrong with a form that cannot be read.
func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = fmt.Errorf("the form has more than %d bytes, and an expression may have %d: ask "+
			"for less at a time",
			maxForm, maxExpression)
	}
	return badData{err}
}

// Empty are the paths that Grafana requests and for which there is no data, with their responses.
func Empty() map[string]any {
	return map[string]any{
		"/metadata":         map[string]any{},
		"/query_exemplars":  []any{},
		"/rules":            map[string]any{"groups": []any{}},
		"/status/buildinfo": map[string]string{"version": "2.55.0", "application": "gatehouse"},
	}
}

// badData marks an error as the caller's.
type badData struct{ error }

// limited is data of which a part was left out, as the request's limit asked.
type limited struct{ data any }

// Answer writes data, or the error, in the API's envelope. A gatehouse.Error of code
// unavailable becomes 503 and one of code invalid 400.
func Answer(w http.ResponseWriter, data any, err error) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]any{"status": "success", "data": data}
	if l, ok := data.(limited); ok {
		body["data"], body["warnings"] = l.data, []string{"results truncated due to limit"}
	}
	if err != nil {
		status, kind := http.StatusUnprocessableEntity, "execution"
		var bad badData
		var timeout promql.ErrQueryTimeout
		var known *g.Error
		switch {
		case errors.As(err, &bad):
			status, kind = http.StatusBadRequest, "bad_data"
		case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
			status, kind = http.StatusServiceUnavailable, "timeout"
		case errors.As(err, &known) && known.Code == g.Invalid:
			status = http.StatusBadRequest
			kind = "bad_data"
			err = known
		case errors.As(err, &known) && known.Code == g.Unavailable:
			status = http.StatusServiceUnavailable
			kind = "unavailable"
			err = known
		}
		w.WriteHeader(status)
		body = map[string]any{
			"status":    "error",
			"errorType": kind,
			"error":     err.Error(),
		}
	}
	json.NewEncoder(w).Encode(body)
}

type handler struct {
	engine *promql.Engine
	q      scopedSource
}

func (h handler) query(r *http.Request) (any, error) {
	at, err := timeParam(r.Form, "time", time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := timeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	text := r.Form.Get("query")
	if _, err := parse(text); err != nil {
		return nil, badData{fmt.Errorf("query: %w", err)}
	}
	q, err := h.engine.NewInstantQuery(
		ctx,
		h.q.within(),
		nil,
		text,
		at,
	)
	return exec(ctx, q, err)
}

func (h handler) queryRange(r *http.Request) (any, error) {
	start, end, step, err := span(r.Form)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := timeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	text := r.Form.Get("query")
	if _, err := parse(text); err != nil {
		return nil, badData{fmt.Errorf("query: %w", err)}
	}
	q, err := h.engine.NewRangeQuery(
		ctx,
		h.q.within(),
		nil,
		text,
		start,
		end,
		step,
	)
	return exec(ctx, q, err)
}

// span reads the range of a range query and bounds its points.
func span(form url.Values) (start, end time.Time, step time.Duration, err error) {
	if start, err = timeParam(form, "start", time.Time{}); err != nil {
		return start, end, step, err
	}
	if end, err = timeParam(form, "end", time.Time{}); err != nil {
		return start, end, step, err
	}
	if step, err = durationParam(form, "step"); err != nil {
		return start, end, step, err
	}
	if end.Before(start) {
		return start, end, step, badData{errors.New("end: is before start")}
	}
	if end.Sub(start)/step > maxPoints {
		return start, end, step, badData{
			fmt.Errorf("step: more than %d points for each series; use a longer step", maxPoints),
		}
	}
	return start, end, step, nil
}

// timeout bounds a query as its parameter timeout asks; the engine has a bound of its own.
func timeout(r *http.Request) (context.Context, context.CancelFunc, error) {
	if r.Form.Get("timeout") == "" {
		return r.Context(), func() {}, nil
	}
	d, err := durationParam(r.Form, "timeout")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

func exec(ctx context.Context, q promql.Query, err error) (any, error) {
	if err != nil {
		return nil, badData{fmt.Errorf("query: %w", err)}
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	if size(res.Value) > maxResult {
		return nil, errResult
	}
	// Encoded here: the result's memory goes back to the engine at Close.
	value, err := json.Marshal(res.Value)
	if err != nil {
		return nil, err
	}
	return map[string]any{"resultType": res.Value.Type(), "result": json.RawMessage(value)}, nil
}

func (h handler) labels(r *http.Request) (any, error) {
	return h.overMatches(r,
		func(ctx context.Context, q storage.Querier, ms []*labels.Matcher) ([]string, error) {
			names, _, err := q.LabelNames(ctx, nil, ms...)
			return names, err
		})
}

func (h handler) labelValues(r *http.Request) (any, error) {
	name := r.PathValue("name")
	if !model.LegacyValidation.IsValidLabelName(name) {
		return nil, badData{fmt.Errorf("label: %q is no label name", name)}
	}
	return h.overMatches(r,
		func(ctx context.Context, q storage.Querier, ms []*labels.Matcher) ([]string, error) {
			values, _, err := q.LabelValues(ctx, name, nil, ms...)
			return values, err
		})
}

// overMatches unites what f finds for each match[], or for everything where there is none.
func (h handler) overMatches(
	r *http.Request, f func(context.Context, storage.Querier, []*labels.Matcher) ([]string, error),
) (any, error) {
	sets, mint, maxt, err := matchParams(r.Form, false)
	if err != nil {
		return nil, err
	}
	q, err := h.q.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	out := []string{}
	for _, ms := range sets {
		found, err := f(r.Context(), q, ms)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			out = append(out, strings.Clone(v))
		}
	}
	slices.Sort(out)
	return cut(r, slices.Compact(out))
}

// cut leaves out what is more than the request's limit; none, or 0, is no limit.
func cut[T any](r *http.Request, found []T) (any, error) {
	v := r.Form.Get("limit")
	if v == "" {
		return found, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return nil, badData{fmt.Errorf("limit: %q is no number of results; give a whole number", v)}
	}
	if n == 0 || len(found) <= n {
		return found, nil
	}
	return limited{found[:n]}, nil
}

func (h handler) series(r *http.Request) (any, error) {
	sets, mint, maxt, err := matchParams(r.Form, true)
	if err != nil {
		return nil, err
	}
	q, err := h.q.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	found, err := selectSeries(
		r.Context(),
		q,
		mint,
		maxt,
		sets,
		maxSeries,
	)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i] = found[i].Copy() // the labels may live in the querier's memory
	}
	return cut(r, found)
}

func matchParams(
	form url.Values, required bool,
) (sets [][]*labels.Matcher, mint, maxt int64, err error) {
	if required && len(form["match[]"]) == 0 {
		return nil, 0, 0, badData{errors.New("match[]: give at least one selector")}
	}
	if n := len(form["match[]"]); n > maxSelectors {
		return nil, 0, 0, badData{
			fmt.Errorf("match[]: %d selectors; at most %d are taken", n, maxSelectors),
		}
	}
	for _, m := range form["match[]"] {
		ms, err := selector(m)
		if err != nil {
			return nil, 0, 0, badData{fmt.Errorf("match[]: %w", err)}
		}
		sets = append(sets, ms)
	}
	start, err := timeParam(form, "start", time.UnixMilli(math.MinInt64/1_000_000))
	if err != nil {
		return nil, 0, 0, err
	}
	end, err := timeParam(form, "end", time.UnixMilli(math.MaxInt64/1_000_000))
	return sets, start.UnixMilli(), end.UnixMilli(), err
}

// timeParam reads a time as Prometheus does: seconds since 1970, or RFC 3339. A zero
// fallback makes the parameter required.
func timeParam(form url.Values, name string, fallback time.Time) (time.Time, error) {
	v := form.Get(name)
	if v == "" {
		if fallback.IsZero() {
			return fallback, badData{
				fmt.Errorf("%s: is missing; give seconds since 1970 or an RFC 3339 time", name),
			}
		}
		return fallback, nil
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil && math.Abs(f) < 1e11 {
		return time.UnixMilli(int64(math.Round(f * 1000))), nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return t, badData{
			fmt.Errorf("%s: %q is neither seconds since 1970 nor an RFC 3339 time", name, v),
		}
	}
	return t, nil
}

func durationParam(form url.Values, name string) (time.Duration, error) {
	v := form.Get(name)
	if f, err := strconv.ParseFloat(v, 64); err == nil && f > 0 && f < 1e9 {
		if d := time.Duration(f * float64(time.Second)); d >= time.Millisecond {
			return d, nil
		}
	}
	if d, err := model.ParseDuration(v); err == nil && d > 0 {
		return time.Duration(d), nil
	}
	return 0, badData{
		fmt.Errorf("%s: %q is no duration; give seconds or e.g. 15s, 1m, 1h", name, v),
	}
}
