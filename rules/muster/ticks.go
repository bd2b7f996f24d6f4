package muster

import (
	"cmp"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Standing is what the ticks of one person say together.
type Standing struct {
	State    g.MusterState // "": nobody has said anything that holds
	At       time.Time     // since when
	By       string        // by whose word
	Missed   time.Time     // when somebody first said that they are missing; zero: nobody did
	MissedBy string
}

// Standings are what ticks say together, in whatever order they came: safe outranks away, and that
// missing, whoever ticked last. What somebody ticked holds until they take it back themselves; that
// takes back the last of it.
func Standings(ticks []g.MusterTick) map[g.PersonID]Standing {
	out := map[g.PersonID]Standing{}
	for _, x := range holding(ticks) {
		s := out[x.Person]
		at := moment(x)
		if x.Word == g.TickMissing && (s.Missed.IsZero() || before(at, x.By, s.Missed, s.MissedBy)) {
			s.Missed, s.MissedBy = at, x.By
		}
		state := g.MusterState(x.Word)
		if rank(state) > rank(s.State) || state == s.State && before(at, x.By, s.At, s.By) {
			s.State, s.At, s.By = state, at, x.By
		}
		out[x.Person] = s
	}
	return out
}

// holding are the ticks that nobody has taken back.
func holding(ticks []g.MusterTick) (out []g.MusterTick) {
	type mine struct {
		person g.PersonID
		by     string
	}
	of := map[mine][]g.MusterTick{}
	sorted := slices.Clone(ticks)
	slices.SortFunc(sorted, func(a, b g.MusterTick) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	for _, x := range sorted {
		k := mine{x.Person, x.By}
		if x.Word != g.TickMistaken {
			of[k] = append(of[k], x)
		} else if n := len(of[k]); n > 0 {
			of[k] = of[k][:n-1]
		}
	}
	for _, some := range of {
		out = append(out, some...)
	}
	return out
}

// moment is when something was ticked: by the telephone's clock, unless that is ahead.
func moment(x g.MusterTick) time.Time {
	if x.At.After(x.Received) {
		return x.Received
	}
	return x.At
}

// before orders ticks so that their order of arrival decides nothing.
func before(at time.Time, by string, than time.Time, thanBy string) bool {
	return at.Before(than) || at.Equal(than) && by < thanBy
}

func rank(s g.MusterState) int {
	switch s {
	case g.MusterSafe:
		return 3
	case g.MusterAway:
		return 2
	case g.MusterMissing:
		return 1
	}
	return 0
}

// Found is an entry of the list with what was ticked.
type Found struct {
	g.MusterEntry
	Standing
}

// Join puts list and ticks together. Who was ticked and stands on no list is added.
func Join(list []g.MusterEntry, ticks []g.MusterTick) []Found {
	said := Standings(ticks)
	out := make([]Found, 0, len(list))
	for _, e := range list {
		s, is := said[e.Person]
		delete(said, e.Person)
		switch {
		case is && s.State != "":
		case e.Sought():
			s.State = g.MusterWaiting
		default:
			s.State = g.MusterNotSought
		}
		out = append(out, Found{e, s})
	}
	for _, x := range ticks {
		s, is := said[x.Person]
		if !is || s.State == "" {
			continue
		}
		delete(said, x.Person)
		out = append(out, Found{
			MusterEntry: g.MusterEntry{
				Person: x.Person,
				Where:  g.PresenceUnknown,
				Sure:   g.MusterDoubtful,
				Why:    g.MusterAdded,
			},
			Standing: s,
		})
	}
	return out
}

// Count says how far the search is.
func Count(all []Found) (n g.MusterCounts) {
	for _, f := range all {
		heads := 1 + f.Others
		if f.Sought() {
			n.Sought += heads
		}
		switch f.State {
		case g.MusterSafe:
			n.Safe += heads
		case g.MusterAway:
			n.Away += heads
		case g.MusterMissing:
			n.Missing += heads
		case g.MusterWaiting:
			n.Waiting += heads
		default:
			n.Out += heads
		}
	}
	return n
}
