package main

import (
	"strconv"
	"strings"

	"github.com/gatehouse-iot/gatehouse"
)

// propertyOf maps a terminal's key to a property of the shipped profile.
func propertyOf(key string) (name string, number bool) {
	switch strings.ToLower(strings.TrimPrefix(key, "~")) {
	case "usercount":
		return "users", true
	case "fpcount":
		return "fingerprints", true
	case "facecount":
		return "faces", true
	case "attcount", "attlogcount", "transactioncount":
		return "log_entries", true
	case "fwversion", "firmver":
		return "firmware", false
	case "devicename":
		return "model", false
	}
	return "", false
}

// parseFacts reads a terminal's facts: key=value separated by commas, ampersands or line ends. Keys
// without a property in profile p are dropped.
func parseFacts(body string, p gatehouse.Profile) map[string]gatehouse.Value {
	out := map[string]gatehouse.Value{}
	for _, part := range strings.FieldsFunc(body, func(r rune) bool {
		return r == ',' || r == '&' || r == '\n' || r == '\r' || r == '\t'
	}) {
		k, v, _ := strings.Cut(part, "=")
		if name, number := propertyOf(strings.TrimSpace(k)); name != "" {
			keep(
				out,
				p,
				name,
				strings.TrimSpace(v),
				number,
			)
		}
	}
	return out
}

// parseInfo reads the INFO parameter of a poll: firmware, users, fingerprints, log entries, address
// and more, separated by commas.
func parseInfo(s string, p gatehouse.Profile) map[string]gatehouse.Value {
	out := map[string]gatehouse.Value{}
	for i, v := range strings.Split(s, ",") {
		switch i {
		case 0:
			keep(
				out,
				p,
				"firmware",
				strings.TrimSpace(v),
				false,
			)
		case 1:
			keep(out, p, "users", v, true)
		case 2:
			keep(out, p, "fingerprints", v, true)
		case 3:
			keep(out, p, "log_entries", v, true)
		}
	}
	return out
}

func keep(out map[string]gatehouse.Value, p gatehouse.Profile, name, text string, number bool) {
	if _, ok := p.Properties[name]; !ok || text == "" || len(text) > 128 {
		return
	}
	if !number {
		out[name] = gatehouse.StringValue(strings.ToValidUTF8(text, "?"))
		return
	}
	if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil {
		out[name] = gatehouse.NumberValue(float64(n))
	}
}
