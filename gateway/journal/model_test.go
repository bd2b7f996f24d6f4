package journal_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestModel compares the journal with a plain list under random appends,
// reads, commits and restarts with other shard counts.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "journal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{
			dir:       dir,
			committed: map[string]int{},
			cursors:   map[string]*journal.Cursor{},
			read:      map[string]int{},
		}
		m.start(t)
		defer func() { m.j.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"next":   m.next, "commit": m.commit, "readFrom": m.readFrom, "restart": m.restart,
			"": m.check,
		})
	})
}

type model struct {
	dir       string
	j         *journal.Journal
	want      []string // sequence i+1 is want[i]
	cursors   map[string]*journal.Cursor
	read      map[string]int // sequence last returned
	committed map[string]int
}

func (m *model) start(t *rapid.T) {
	j, err := journal.Open(m.dir, journal.Options{
		Shards:       rapid.IntRange(1, 4).Draw(t, "shards"),
		SegmentBytes: 4096, MaxBytes: 64 << 20, ReserveBytes: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.j, m.cursors = j, map[string]*journal.Cursor{}
}

func (m *model) append(t *rapid.T) {
	data := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 1000), 1, 8).Draw(t, "data")
	seqs, err := m.j.AppendWait(t.Context(), rapid.StringN(0, 4, 8).Draw(t, "key"), data)
	if err != nil {
		t.Fatal(err)
	}
	for i, seq := range seqs {
		m.want = append(m.want, string(data[i]))
		if seq != uint64(len(m.want)) {
			t.Fatalf("sequence %d, want %d", seq, len(m.want))
		}
	}
}

func (m *model) cursor(t *rapid.T) (string, *journal.Cursor) {
	name := fmt.Sprint("c", rapid.IntRange(0, 2).Draw(t, "cursor"))
	if m.cursors[name] == nil {
		c, err := m.j.Cursor(name)
		if err != nil {
			t.Fatal(err)
		}
		m.cursors[name], m.read[name] = c, m.committed[name]
	}
	return name, m.cursors[name]
}

func (m *model) next(t *rapid.T) {
	name, c := m.cursor(t)
	if m.read[name] == len(m.want) {
		t.Skip("nothing to read")
	}
	recs, err := c.Next(t.Context(), rapid.IntRange(1, 50).Draw(t, "max"))
	if err != nil {
		t.Fatal(err)
	}
	m.compare(t, recs, m.read[name])
	m.read[name] += len(recs)
}

func (m *model) compare(t *rapid.T, recs []journal.Record, after int) {
	for i, r := range recs {
		if r.Seq != uint64(after+i+1) {
			t.Fatalf("sequence %d, want %d", r.Seq, after+i+1)
		}
		if d := cmp.Diff(string(r.Data), m.want[after+i]); d != "" {
			t.Fatal(d)
		}
	}
}

func (m *model) commit(t *rapid.T) {
	name, c := m.cursor(t)
	at := rapid.IntRange(0, m.read[name]).Draw(t, "at")
	if err := c.Commit(uint64(at)); err != nil {
		t.Fatal(err)
	}
	m.committed[name] = max(m.committed[name], at)
	if got, want := lag(m.j, name), uint64(len(m.want)-m.committed[name]); got != want {
		t.Fatalf("lag %d, want %d", got, want)
	}
}

func (m *model) readFrom(t *rapid.T) {
	after := rapid.IntRange(0, len(m.want)).Draw(t, "after")
	n := rapid.IntRange(0, 300).Draw(t, "max")
	recs, err := m.j.ReadFrom(t.Context(), uint64(after), n)
	if err != nil {
		t.Fatal(err)
	}
	if want := min(n, len(m.want)-after); len(recs) != want {
		t.Fatalf("%d records after %d, want %d", len(recs), after, want)
	}
	m.compare(t, recs, after)
}

func (m *model) restart(t *rapid.T) {
	if err := m.j.Close(); err != nil {
		t.Fatal(err)
	}
	m.start(t)
}

func (m *model) check(t *rapid.T) {
	st := m.j.Stat()
	if st.Newest != uint64(len(m.want)) || st.State != journal.StateOK || len(st.Problems) > 0 {
		t.Fatalf("%+v, want newest %d and no problem", st, len(m.want))
	}
}
