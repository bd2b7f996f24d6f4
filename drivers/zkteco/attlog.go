package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// unknown stands for a status or verify type that a line lacks or that is not a number: the rest of
// the line is still read.
const unknown = -1

// entry is one line of a terminal's attendance log.
type entry struct {
	user   string // user number, the terminal's PIN
	card   string // of somebody whom the terminal does not know
	at     time.Time
	status int // 0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out
	verify int // verify type: how the terminal recognised the user
	door   int // door number of an access controller
}

// parseLine reads a line of ATTLOG: user number, local time, status, verify type and more,
// separated by tabs; or PIN=…, DateTime=…, Verified=…, Status=…, as some firmware sends. The error
// does not repeat the line.
func parseLine(line string, zone *time.Location) (entry, error) {
	fields := strings.Split(line, "\t")
	if strings.HasPrefix(strings.TrimSpace(line), "PIN=") {
		m := keyed(line)
		fields = []string{m["pin"], m["datetime"], m["status"], m["verified"]}
	}
	if len(fields) < 2 {
		return entry{}, errors.New("there are not two columns")
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	e := entry{
		user:   fields[0],
		status: unknown,
		verify: unknown,
		door:   unknown,
	}
	if !validUser(e.user) {
		return entry{}, errors.New("the user number is none")
	}
	var err error
	if e.at, err = localTime(fields[1], zone); err != nil {
		return entry{}, err
	}
	if len(fields) > 2 {
		e.status = statusOf(fields[2])
	}
	if len(fields) > 3 {
		e.verify = code(fields[3])
	}
	return e, nil
}

func localTime(s string, zone *time.Location) (time.Time, error) {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
	if err != nil {
		return time.Time{}, errors.New("the time is not like 2006-01-02 15:04:05")
	}
	return t.UTC(), nil
}

// statusOf reads a status as a number, or as the letters that some firmware sends instead.
func statusOf(s string) int {
	switch strings.ToUpper(s) {
	case "I", "IN":
		return 0
	case "O", "OUT":
		return 1
	}
	return code(s)
}

func code(s string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	if err != nil {
		return unknown
	}
	return int(n)
}

var wide = regexp.MustCompile(`\t+| {2,}`)

// keyed reads a line of key=value pairs; keys are returned in lower case.
func keyed(line string) map[string]string {
	m := map[string]string{}
	for _, part := range wide.Split(strings.TrimSpace(line), -1) {
		if k, v, ok := strings.Cut(part, "="); ok {
			m[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
		}
	}
	return m
}

func validUser(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// method maps the verify type to a method of the profile. Fingerprint, palm, combined and unknown
// types become "other"; for an older profile without "other" they become the user number (PIN) that
// the terminal vouches for.
func (e entry) method(p gatehouse.Profile) gatehouse.Method {
	switch e.verify {
	case 15:
		return gatehouse.ByFace
	case 2, 4:
		return gatehouse.ByCard
	case 0, 3:
		return gatehouse.ByPIN
	}
	if e.card != "" {
		return gatehouse.ByCard
	}
	if slices.Contains(p.Sightings, gatehouse.ByOther) {
		return gatehouse.ByOther
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

// sequence identifies a passage by user, card, time, status and verify type, whenever and in
// whichever form it is pushed; it is never 0. Terminals do not number their entries, and push their
// log again on request or when they have lost count.
func (e entry) sequence() uint64 {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\t%s\t%d\t%d\t%d", e.user, e.card, e.at.Unix(),
		e.status, e.verify))
	return binary.BigEndian.Uint64(h[:]) | 1
}

// observation converts the entry for the gateway. An entry older than late is marked as replayed:
// it was recorded while the terminal was out of reach, and raises no alarm.
func (e entry) observation(way string, p gatehouse.Profile, now time.Time) gatehouse.Observation {
	s := &gatehouse.Sighting{
		Method:     e.method(p),
		Credential: e.user,
		Direction:  e.direction(),
	}
	if e.user == "" {
		s.Credential = e.card
	}
	switch way {
	case "in", "out":
		s.Direction = gatehouse.Direction(way)
	case "none":
		s.Direction = ""
	}
	return gatehouse.Observation{
		Time:     e.at,
		Sequence: e.sequence(),
		Replayed: e.old(now),
		Sighting: s,
	}
}

func (e entry) old(now time.Time) bool { return now.Sub(e.at) > late }
