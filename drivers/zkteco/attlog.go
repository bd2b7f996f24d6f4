package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// maxLines bounds the lines of one ATTLOG body.
const maxLines = 20000

// entry is one line of a terminal's log.
type entry struct {
	user   string // user number; the terminal calls it PIN
	at     time.Time
	status int // 0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out; others: unknown
	verify int // how the terminal recognised the user
	line   string
}

// parseLog reads an ATTLOG body: lines of user number, local time, status, verify type and
// more, separated by tabs; or lines of PIN=…, DateTime=…, Verified=…, Status=… as some
// firmware sends. bad says of each line that is none which it was and what is wrong with it,
// without repeating it.
func parseLog(body string, zone *time.Location) (entries []entry, bad []string) {
	n := 0
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n\x00")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if n++; n > maxLines {
			return entries, append(bad, fmt.Sprintf("lines after the first %d are not read", maxLines))
		}
		e, err := parseLine(line, zone)
		if err != nil {
			bad = append(bad, fmt.Sprintf("line %d: %v", n, err))
			continue
		}
		entries = append(entries, e)
	}
	return entries, bad
}

func parseLine(line string, zone *time.Location) (entry, error) {
	fields := strings.Split(line, "\t")
	if strings.HasPrefix(strings.TrimSpace(line), "PIN=") {
		fields = keyed(line)
	}
	if len(fields) < 2 {
		return entry{}, errors.New("there are not two columns")
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	e := entry{user: fields[0], status: 255, verify: -1, line: line}
	if !validUser(e.user) {
		return entry{}, errors.New("the user number is none")
	}
	var err error
	if e.at, err = time.ParseInLocation("2006-01-02 15:04:05", fields[1], zone); err != nil {
		return entry{}, errors.New("the time is not like 2006-01-02 15:04:05")
	}
	e.at = e.at.UTC()
	for i, into := range []*int{&e.status, &e.verify} {
		if len(fields) <= 2+i || fields[2+i] == "" {
			continue
		}
		if *into, err = strconv.Atoi(fields[2+i]); err != nil {
			return entry{}, fmt.Errorf("column %d is no number", 3+i)
		}
	}
	return e, nil
}

var wide = regexp.MustCompile(`\t+| {2,}`)

// keyed brings a line of key=value into the order of the columns.
func keyed(line string) []string {
	m := map[string]string{}
	for _, part := range wide.Split(strings.TrimSpace(line), -1) {
		if k, v, ok := strings.Cut(part, "="); ok {
			m[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
		}
	}
	return []string{m["pin"], m["datetime"], m["status"], m["verified"]}
}

func validUser(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// method is how somebody was recognised. The gateway has no word for fingerprint, palm and
// the terminal's mixed ways: they count as the user number that the terminal vouches for.
func (e entry) method() gatehouse.Method {
	switch e.verify {
	case 15:
		return gatehouse.ByFace
	case 2, 4:
		return gatehouse.ByCard
	}
	return gatehouse.ByPIN
}

func (e entry) direction() gatehouse.Direction {
	switch e.status {
	case 0, 3, 4:
		return gatehouse.In
	case 1, 2, 5:
		return gatehouse.Out
	}
	return ""
}

// sequence is the same for the same line whenever it is pushed, and never 0: terminals
// number nothing, and push their log again when they are told to or have lost count.
func (e entry) sequence() uint64 {
	h := sha256.Sum256([]byte(e.line))
	return binary.BigEndian.Uint64(h[:]) | 1
}

// observation is the entry as the gateway takes it. What is older than late was kept while
// the terminal was out of reach: history, on which nobody is alarmed.
func (e entry) observation(way string, now time.Time, late time.Duration) gatehouse.Observation {
	s := &gatehouse.Sighting{Method: e.method(), Credential: e.user, Direction: e.direction()}
	switch way {
	case "in", "out":
		s.Direction = gatehouse.Direction(way)
	case "none":
		s.Direction = ""
	}
	return gatehouse.Observation{Time: e.at, Sequence: e.sequence(), Replayed: now.Sub(e.at) > late, Sighting: s}
}
