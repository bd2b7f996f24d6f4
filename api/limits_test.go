package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// A text or list of the longest that the document allows may be refused for these other
// reasons: it names something that is not there, or it is a secret that is not right.
var otherwise = map[string]string{
	"school": "no such school",
	"parent": "no such school",
	"site":   "no such site", "building": "no such building", "zone": "no such zone",
	"zones":   "no such zones",
	"floor":   "no such floor",
	"devices": "no positions",
	"device":  "no such device", "behind": "no such device",
	"devices[]": "no such device",
	"rooms":     "no areas",
	"[]to":      "no day",
	"[][]":      "no such user",
	"zones[]":   "no such zone",
	"persons":   "no such people",
	"persons[]": "no such person",
	"buildings": "no such buildings", "buildings[]": "no such building",
	"rotas": "no such rotas", "rotas[]": "no such rota",
	"rules": "no such rules", "rules[]": "no such rule",
	"channels": "no such channels", "channels[]": "no such channel",
	"users": "no such users", "users[]": "no such user", "for": "no such user",
	"assignee": "no such user",
	"who":      "no such user", "lines": "lines without turns", "turns": "turns of nobody",
	"tries": "tries without ways", "ways": "each way once",
	"turns[]": "no such users", "turns[][]": "no such user", "steps": "steps without people",
	"start": "no time of day", "end": "no time of day", "first": "no day", "last": "no day",
	"from": "no day", "to": "no day", "days": "each day once", "holidays": "holidays without days",
	"plate":  "beside a person",
	"person": "no such person", "guardians": "no such people", "guardians[]": "no such person",
	"profile":  "no such profile",
	"profile|": "no such profile",
	"session":  "no such session", "id": "no such leave", "own": "no field to add",
	"names":   "no such fields",
	"names[]": "no such field",
	"action":  "no such action", "timezone": "no such time zone", "driver": "no such driver",
	"pupil": "no such person", "collector": "no such entry", "guardian": "no such person",
	"kinds": "no such kinds", "kinds[]": "no such kind", "classes": "classes without teachers",
	"kind": "no such kind", "settings": "not the kind's", "settings{}": "not the kind's",
	"secrets": "not the kind's", "secrets{}": "not the kind's",
	"due": "no time of day", "date": "no day", "period": "not one of the pattern's",
	"pattern": "no such pattern", "periods": "each period once",
	"quiet_from": "no time of day", "quiet_to": "no time of day", "digest": "no time of day",
	"digest_day": "without a time",
	"addresses":  "no addresses", "value": "no address",
	"duress":           "not the code",
	"old":              "not the password",
	"password":         "not the password",
	"template_version": "no such version",
	"ticks":            "no ticks", "ticket": "ended", "code": "not the code", "factor": "no such factor",
	"add":               "no such alerts",
	"add[]":             "no such alert",
	"remove":            "no such alerts",
	"remove[]":          "no such alert",
	"alerts":            "no such alerts",
	"alerts[]":          "no such alert",
	"procedure":         "no such procedure",
	"into":              "no such incident",
	"answer":            "no such answer",
	"[]id":              "a question with one answer",
	"text_zh":           "without a version",
	"title":             "without a version",
	"title_zh":          "without a version",
	"answers":           "no such question",
	"answers[]":         "no such question",
	"class":             "of a visitor",
	"rawId":             "no passkey",
	"clientDataJSON":    "no passkey",
	"attestationObject": "no passkey", "authenticatorData": "no passkey", "signature": "no passkey",
	"userHandle":   "no passkey",
	"transports":   "no passkey",
	"transports[]": "no passkey", "publicKey": "no passkey", "making": "ended",
	"authenticatorAttachment": "no passkey",
	"clientExtensionResults":  "no passkey",
	"comment":                 "without a version",
	"note":                    "without a version",
	"template":                "without a version",
	"text":                    "no rule",
	"tests":                   "no tests",
	"plain_id":                "another rule's",
	"roles":                   "a program's role",
	"values":                  "the action has one input",
	"values{}":                "the input is a number",
	"value|":                  "the property is a number",
	"address":                 "not the driver's",
	"address{}":               "not the driver's",
	"secret":                  "not the driver's", "secret{}": "not the driver's",
}

// periodic is a pattern that runs in periods.
const periodic = `{"name":"Maths","kind":"lesson","days":"school_days","periods":["1"],"start":"","end":"",` +
	`"who":["student"]}`

// bodies are those of operations.txt where a fuller one is needed.
var bodies = map[string]string{
	"create-profile": strings.Replace(fullProfile, "{id}", "limits-{n}", 1),
	// refused later, since it touches two schools
	"update-profile":    strings.Replace(fullProfile, "{id}", "new", 1),
	"command-device":    `{"action":"say","values":{"text":"Lunch"}}`,
	"patch-suppression": `{"weekly":{"days":["mon"],"start":"08:00","end":"09:00"}}`,
	"create-person":     `{"kind":"student","name":"Li Ming"}`,
	"create-device":     `{"name":"Lab 3","profile":"smoke-heat-sensor","driver":"mqtt-front","zone":"{zone}"}`,
	"create-rota":       fullRota,
	"update-rota":       fullRota,
	"patch-rota":        fullRota,
	"create-escalation": fullChain,
	"update-escalation": fullChain,
	"patch-escalation":  fullChain,
	"create-rule": `{"school":"{school}","text":"id: warm-{n}\ntitle: Warm\nseverity: info\n` +
		`when: {property: temperature, above: 30}\n","enabled":true}`,
	"add-barred": `{"name":"Zhao Lei","phone":"13700000000","card_number":"110105194912310021",` +
		`"reason":"threatened a teacher","ends":"2030-09-01T08:00:00Z"}`,
	"step-done": `{}`,
	"update-procedure": `{"version":0,"title":"Spill","steps":[{"text":"Is it known?","answers":[` +
		`{"id":"yes","text":"Yes","steps":[{"text":"Go"}]},{"id":"no","text":"No"}]}]}`,
	"add-collector": `{"pupil":"{student}","name":"Zhang Lan","relation":"grandmother","phone":"1","card":"1",` +
		`"from":"2026-09-01T08:00:00Z","to":"2030-09-01T08:00:00Z"}`,
	"set-leave-chain": `{"classes":[{"class":"7-2","users":["{user}"]}],"steps":[{"name":"Head of year",` +
		`"users":["{user}"],"over_days":3}]}`,
	"create-webhook":      `{"url":"https://sis.school.example/gatehouse"}`,
	"create-pattern":      periodic,
	"update-pattern":      periodic,
	"patch-pattern":       periodic,
	"create-day-template": `{"name":"Exam day","periods":[{"name":"1","start":"08:00","end":"09:00"}]}`,
	"update-day-template": `{"name":"Exam day","periods":[{"name":"1","start":"08:00","end":"09:00"}]}`,
	"patch-day-template":  `{"name":"Exam day","periods":[{"name":"1","start":"08:00","end":"09:00"}]}`,
	"create-session":      `{"kind":"meal","name":"Lunch","start":"2026-09-01T11:00:00Z","due":"2026-09-01T11:30:00Z","end":"2026-09-01T12:00:00Z","zone_kinds":["canteen"],"who":["student"]}`,
}

const (
	fullRota = `{"name":"Nights","lines":[{"start":"19:00","end":"07:00","first":"2026-09-07","each":"week","turns":[[]]}],
	"holidays":[{"from":"2026-10-01","to":"2026-10-07"}]}`
	fullChain = `{"name":"All","disabled":true,"wait_minutes":5,"steps":[{"after_minutes":0,"roles":["security"]}]}`
)

const fullProfile = `{"id":"{id}","title":"Limits","type":"sensor","properties":{"x":{"type":"number","forms":{"register":"holding:1"}}},
	"actions":{"open":{"title":"Open","input":{"x":{"type":"string","enum":["a"],"forms":{"register":"holding:1"}}}}},
	"events":{"door":{"title":"Door","data":{"x":{"type":"string","enum":["a"],"forms":{"register":"holding:1"}}}}}}`

// limited is a place in a body with a bound.
type limited struct {
	path   string // steps with dots: [] an entry of a list, {} of a map, | of a choice
	kind   string // text, list or map
	most   int
	values []any // of an enumeration
}

// bounds lists every bounded place of a schema, and complains of those without a bound.
func bounds(
	t *testing.T, doc map[string]any, op, at string, s map[string]any, seen []string,
) (out []limited) {
	if ref, ok := s["$ref"].(string); ok {
		if slices.Contains(seen, ref) {
			return nil
		}
		return bounds(t, doc, op, at, find(doc, ref).(map[string]any), append(seen, ref))
	}
	if d, _ := s["description"].(string); strings.HasPrefix(d, "Ignored") {
		return nil
	}
	below := func(step string, v any) {
		if sub, ok := v.(map[string]any); ok {
			out = append(out, bounds(t, doc, op, at+step, sub, seen)...)
		}
	}
	number := func(key string) int { n, _ := s[key].(float64); return int(n) }
	enum, _ := s["enum"].([]any)
	switch kind := fmt.Sprint(s["type"]); {
	case strings.Contains(kind, "string"):
		switch {
		case enum != nil || s["format"] != nil:
		case s["maxLength"] == nil:
			t.Errorf("%s: the text %s has no maxLength", op, at)
		case s["contentEncoding"] == nil:
			out = append(out, limited{path: at, kind: "text", most: number("maxLength")})
		}
	case strings.Contains(kind, "array"):
		if s["maxItems"] == nil {
			t.Errorf("%s: the list %s has no maxItems", op, at)
		}
		entries, _ := s["items"].(map[string]any)
		values, _ := entries["enum"].([]any)
		out = append(out, limited{path: at, kind: "list", most: number("maxItems"), values: values})
		below("[]", s["items"])
	case strings.Contains(kind, "object"):
		if entries, ok := s["additionalProperties"].(map[string]any); ok {
			if s["maxProperties"] == nil {
				t.Errorf("%s: the map %s has no maxProperties", op, at)
			}
			out = append(out, limited{path: at, kind: "map", most: number("maxProperties")})
			below("{}", entries)
		}
		for _, name := range slices.Sorted(maps.Keys(asMap(s["properties"]))) {
			below("."+name, asMap(s["properties"])[name])
		}
	}
	for _, v := range asList(s["oneOf"]) {
		below("|", v)
	}
	return out
}

// jsonBody is the schema of an operation's body; nil where there is none.
func jsonBody(op map[string]any) map[string]any {
	return asMap(asMap(asMap(asMap(op["requestBody"])["content"])["application/json"])["schema"])
}

func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }

// set puts v at the place into the body and returns it; what is missing on the way is made.
func set(body any, steps []string, v any) any {
	if len(steps) == 0 {
		return v
	}
	step, rest := steps[0], steps[1:]
	switch step {
	case "|":
		return set(body, rest, v)
	case "[]":
		var first any
		if list, _ := body.([]any); len(list) > 0 {
			first = list[0]
		}
		return []any{set(first, rest, v)}
	}
	m := maps.Clone(asMap(body))
	if m == nil {
		m = map[string]any{}
	}
	if step == "{}" {
		step = "k0"
		if keys := slices.Sorted(maps.Keys(m)); len(keys) > 0 {
			step = keys[0]
		}
	}
	m[step] = set(m[step], rest, v)
	return m
}

// filled is a value of the place with n characters or entries; another one at each turn.
func (l limited) filled(body any, steps []string, turn, n int) any {
	name := steps[len(steps)-1]
	switch {
	case l.kind == "text" && name == "url":
		const begin = "http://127.0.0.1:9/"
		return begin + strings.Repeat("x", n-len(begin))
	case l.kind == "text" && slices.Contains([]string{"id", "name", "admin"}, name) && l.most == 64,
		l.kind == "text" && name == "key":
		return strings.Repeat("x", n-len(fmt.Sprint(turn))) + fmt.Sprint(turn)
	case l.kind == "text":
		return han(turn, n)
	case l.kind == "list":
		list := make([]any, n)
		for i := range list {
			list[i] = fmt.Sprint("e", i)
			if len(l.values) > 0 {
				list[i] = l.values[i%len(l.values)]
			}
		}
		return list
	}
	m := map[string]any{}
	var entry any = "1"
	for _, step := range steps {
		if m := asMap(body); step == "{}" && len(m) > 0 {
			step = slices.Min(slices.Collect(maps.Keys(m)))
		}
		body = asMap(body)[step]
	}
	for _, v := range asMap(body) {
		entry = v
	}
	for i := range n {
		m[fmt.Sprint("k", i)] = entry
	}
	return m
}

// han is a text of n different characters, of three bytes each; another one at each turn.
func han(turn, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(rune(0x4e00 + (37*turn+i)%20000))
	}
	return b.String()
}

func steps(path string) []string {
	path = strings.NewReplacer("[]", ".[]", "{}", ".{}", "|", ".|").Replace(path)
	return strings.Split(strings.TrimPrefix(path, "."), ".")
}

// The bounds of the document are those of the gateway, to the character: the longest text and
// the longest list that it allows are taken, and one more is refused.
func TestLimitsAreTrue(t *testing.T) {
	w := newWorld(t, behindProxy).schools()
	raw := w.nobody().do("GET", "/openapi.json", nil).want(200).body
	var doc map[string]any
	mustDo(t, json.Unmarshal(raw, &doc))
	table := map[string]operation{}
	for _, op := range operations(t) {
		table[op.id] = op
	}
	admin, sent := w.user(w.a, g.RoleAdmin), 0
	for _, item := range doc["paths"].(map[string]any) {
		for _, v := range item.(map[string]any) {
			op := v.(map[string]any)
			schema := jsonBody(op)
			if schema == nil {
				continue
			}
			id := op["operationId"].(string)
			row := table[id]
			for _, l := range bounds(t, doc, id, "", schema, nil) {
				at := steps(l.path)
				try := func(n int) reply {
					sent++
					c := admin
					if row.perm == "anybody" { // by a new user: wrong passwords end sign-ins
						c = w.newcomer(sent)
					}
					var body any
					text := w.fill(cond(bodies[id] != "", bodies[id], row.body))
					mustDo(t,
						json.Unmarshal([]byte(strings.ReplaceAll(text, "{n}", fmt.Sprint(sent))),
							&body))
					c.from = fmt.Sprintf("198.51.%d.%d", sent/250, sent%250)
					return c.do(row.method, w.fill(row.path),
						set(body, at, l.filled(body, at, sent, n)))
				}
				long := try(l.most + 1)
				if !tooLong(long) {
					t.Errorf("%s: %s with %d, one more than the document allows: got %d %.200s, "+
						"want it refused as too long",
						id, l.path, l.most+1, long.status, long.body)
				}
				r := try(l.most)
				if tooLong(r) {
					t.Errorf("%s: %s with %d, as the document allows: got %d %.200s", id, l.path,
						l.most, r.status, r.body)
				} else if r.status >= 300 && !excused(row, l.path, r.status, bodies[id] == "") {
					t.Errorf("%s: %s with %d, as the document allows: got %d %.300s, want it taken",
						id, l.path, l.most, r.status, r.body)
				}
			}
		}
	}
	if sent < 300 {
		t.Errorf("%d requests were sent, want at least 300", sent)
	}
}

// newcomer is a new user of A, signed in.
func (w *world) newcomer(n int) *client {
	w.t.Helper()
	u := g.User{
		School:   w.a.ID,
		Name:     fmt.Sprint("newcomer-", n),
		FullName: "Newcomer",
		Role:     g.RoleAdmin,
		Language: "en",
	}
	must(w.system().Access.CreateUser(w.t.Context(), u, password))(w.t)
	c := w.nobody()
	c.from = fmt.Sprintf("203.0.%d.%d", n/250, n%250)
	return c.signIn(u.Name)
}

var lengths = regexp.MustCompile(`expected (length|array length|object with at most)|at most \d+ (are kept|are read)|give [0-9]+ to [0-9]+|id of 1 to 64|match exactly one schema`)

// tooLong says whether an answer refuses a length.
func tooLong(r reply) bool {
	if r.status != 422 && r.status != 413 {
		return false
	}
	return lengths.Match(r.body)
}

// excused says whether the operation has that status anyway, or the place refuses any such value.
func excused(op operation, path string, status int, anyway bool) bool {
	if (anyway || status == 403) && slices.Contains(op.own, status) {
		return true
	}
	at := steps(path)
	last := at[len(at)-1]
	if len(last) <= 2 && len(at) > 1 {
		last = at[len(at)-2] + last
	}
	return otherwise[last] != "" && slices.Contains([]int{401, 403, 404, 409, 422}, status)
}
