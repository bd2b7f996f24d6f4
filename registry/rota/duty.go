package rota

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Span is a time in which the same people are on duty; without people it is a hole.
type Span struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"` // excluded
	People []g.UserID `json:"people"`
}

// On is who is on duty at a time, sorted: the people of each line's shift, as the overrides, in the
// order of the list, change them.
func (p *Plan) On(at time.Time, overrides []g.Override) []g.UserID {
	people := []g.UserID{}
	for i := range p.lines {
		l := &p.lines[i]
		today := g.DateOf(at.In(p.loc))
		// a shift may have begun the day before, or, where the clock was put back over midnight,
		// on a day that by the clock has not come yet
		for _, d := range []g.Date{today.Add(-1), today, today.Add(1)} {
			if !p.takesPlace(l, d) {
				continue
			}
			from, to := p.bounds(l, d)
			if !at.Before(from) && at.Before(to) {
				people = append(people, p.turn(l, d)...)
			}
		}
	}
	for _, o := range overrides {
		if !at.Before(o.From) && at.Before(o.To) {
			people = override(people, o)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

func (p *Plan) bounds(l *line, d g.Date) (from, to time.Time) {
	from = d.Reach(l.start, p.loc)
	if l.end > 24*time.Hour {
		return from, d.Add(1).Reach(l.end-24*time.Hour, p.loc)
	}
	return from, d.Reach(l.end, p.loc)
}

// override changes who is on duty. Who stands in for somebody stands in only where that person is
// on duty.
func override(people []g.UserID, o g.Override) []g.UserID {
	stood := o.For == "" || slices.Contains(people, o.For)
	if o.For != "" {
		people = slices.DeleteFunc(people, func(u g.UserID) bool { return u == o.For })
	}
	if o.Who != "" && stood {
		people = append(people, o.Who)
	}
	return people
}

// Spans covers from <= t < to without a gap, in order: neighbours differ in who is on duty.
func (p *Plan) Spans(from, to time.Time, overrides []g.Override) []Span {
	edges := []time.Time{from}
	edge := func(t time.Time) {
		if t.After(from) && t.Before(to) {
			edges = append(edges, t)
		}
	}
	last := g.DateOf(to.In(p.loc)).Add(1)
	for i := range p.lines {
		l := &p.lines[i]
		first := later(g.DateOf(from.In(p.loc)).Add(-1), l.first)
		for d := first; d.Until(last) >= 0; d = d.Add(1) {
			if p.takesPlace(l, d) {
				begins, ends := p.bounds(l, d)
				edge(begins)
				edge(ends)
			}
		}
	}
	for _, o := range overrides {
		edge(o.From)
		edge(o.To)
	}
	slices.SortFunc(edges, time.Time.Compare)
	out := []Span{}
	for i, at := range edges {
		end := to
		if i+1 < len(edges) {
			end = edges[i+1]
		}
		if !at.Before(end) {
			continue
		}
		out = joined(out, Span{
			From:   at,
			To:     end,
			People: p.On(at, overrides),
		})
	}
	return out
}

// joined appends a span, or lengthens the last one where the same people are on duty.
func joined(all []Span, s Span) []Span {
	if n := len(all); n > 0 && slices.Equal(all[n-1].People, s.People) {
		all[n-1].To = s.To
		return all
	}
	return append(all, s)
}

// Holes are the spans in which nobody is on duty, or only people who are not able to be.
func Holes(spans []Span, able func(g.UserID) bool) []Span {
	holes := []Span{}
	for _, s := range spans {
		if slices.ContainsFunc(s.People, able) {
			continue
		}
		if n := len(holes); n > 0 && holes[n-1].To.Equal(s.From) {
			holes[n-1].To = s.To
			continue
		}
		holes = append(holes, Span{
			From:   s.From,
			To:     s.To,
			People: []g.UserID{},
		})
	}
	return holes
}
