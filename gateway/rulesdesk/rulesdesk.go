// Package rulesdesk is what gateway rules does at a terminal: it checks rule files, tells rules the
// stories of test files, and asks the gateway that runs for backtests and explanations. It refuses
// to decide anything about a rule, and knows neither flags nor configuration.
package rulesdesk

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	apirules "github.com/gatehouse-iot/gatehouse/api/rules"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/gateway/control"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Help is the help of gateway rules.
const Help = `Usage: gateway rules check FILE|FOLDER...
       gateway rules test FILE|FOLDER...
       gateway rules backtest [--since 7d] [--school ID] [--config FILE | --data-dir DIR] FILE
       gateway rules explain [--at TIME] [--config FILE | --data-dir DIR] RULE [DEVICE]
       gateway rules templates list | export [ID] | import [--dry-run] [--school ID] FILE

check reads rule files as the gateway does at its start, and says what is wrong, where, and how
to mend it. With a file of a rules folder (one that has a folder of procedures) the other files
there are read as well: rules name each other and share their IDs. What none of the shipped
profiles knows is told, and is no error: the school's own may.

test tells rules short stories and compares what they find with what the stories expect. Files
that begin with tests: are stories, the others are rules.

backtest asks the gateway that runs what one rule would have found in the last days; explain asks
it why a rule has raised an alert for a device, or has not. RULE is the id as the console shows it,
DEVICE an id or a name. With --at "2026-09-01 02:14" it is why at that moment: the gateway runs the
rule over its journal up to then, and DEVICE is needed. Times are those of the school.

templates lists the rules that ship to begin from, with who uses each and what stands on an older
version; export writes one or all as a file of rules; import takes the rules of a file as a school's
own and keeps what the school has changed.

The languages of rules and of tests are described in rules/README.md.
`

// Check reads rule files and folders as the gateway does, and tells what none of the profiles knows.
func Check(w io.Writer, profiles []g.Profile, paths ...string) error {
	files, err := alerting.Check(paths...)
	if err != nil {
		return err
	}
	var order []string
	count := map[string]int{}
	for _, r := range files.Rules {
		if count[r.File] == 0 {
			order = append(order, r.File)
		}
		count[r.File]++
	}
	for _, name := range order {
		noun := "rules"
		if count[name] == 1 {
			noun = "rule"
		}
		fmt.Fprintf(w, "%s: %d %s, all right.\n", name, count[name], noun)
	}
	for _, d := range files.Doubts(profiles) {
		fmt.Fprintf(w, "%s (of the profiles that ship with the gateway)\n", d)
	}
	return nil
}

// Test runs the stories among the files over the rules among them.
func Test(w io.Writer, l texts.Language, profiles []g.Profile, paths ...string) error {
	var all []rules.Rule
	stories := map[string][]byte{}
	var order []string
	err := eachYAML(paths, func(name string, b []byte) error {
		if strings.HasPrefix(firstKey(b), "tests:") {
			stories[name], order = b, append(order, name)
			return nil
		}
		if !strings.HasPrefix(firstKey(b), "rules:") {
			return nil // procedures
		}
		more, err := rules.Parse(name, b)
		all = append(all, more...)
		return err
	})
	if err != nil {
		return err
	}
	failed := 0
	for _, name := range order {
		tests, err := rules.ParseTests(name, stories[name], profiles)
		if err != nil {
			return err
		}
		failed += tellResults(w, l, name, rules.RunTests(name, tests, all, nil))
	}
	if len(order) == 0 {
		return g.Errorf(g.Invalid, "there is no file of tests: one begins with tests:")
	}
	if failed > 0 {
		return g.Errorf(g.Invalid, "%d tests found something else than they expect", failed)
	}
	return nil
}

func tellResults(
	w io.Writer, l texts.Language, name string, results []rules.TestResult,
) (failed int) {
	for _, r := range results {
		for _, e := range r.Failures {
			fmt.Fprintf(w, "%s\n  (%s)\n", l.Error(e), r.Name)
		}
		if !r.Passed {
			failed++
		}
	}
	fmt.Fprintf(w, "%s: %d of %d tests are right.\n", name, len(results)-failed, len(results))
	return failed
}

// eachYAML calls f for each file, and each YAML file below a folder, sorted.
func eachYAML(paths []string, f func(name string, b []byte) error) error {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || name != path && filepath.Ext(name) != ".yaml" {
				return err
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return f(name, b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// firstKey is the first line that says something.
func firstKey(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}

const lookEvery = 500 * time.Millisecond // at a backtest that runs

// Past says which past of which school is looked at.
type Past struct{ Since, School string }

// Backtest has the gateway that runs on a data folder look what one rule would have found. It tells
// progress to said and the result to w.
func Backtest(
	ctx context.Context, w, said io.Writer, l texts.Language, dir, text string, past Past,
) error {
	q := url.Values{
		"since":  {inHours(past.Since)},
		"school": {past.School},
	}
	zone, err := meant(ctx, dir, url.Values{"school": {past.School}}, l)
	if err != nil {
		return err
	}
	var out apirules.Backtest
	if err := control.Rules(
		ctx,
		dir,
		"backtest",
		q,
		text,
		l,
		&out,
	); err != nil {
		return err
	}
	for out.State == apirules.BacktestRuns {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
		q = url.Values{"id": {out.ID}}
		if err := control.Rules(
			ctx,
			dir,
			"backtest-state",
			q,
			"",
			l,
			&out,
		); err != nil {
			return err
		}
		if out.State == apirules.BacktestRuns {
			fmt.Fprintf(said, "%s: %d events, %d findings\n",
				out.Reached.In(zone).Format(time.DateTime), out.Events, out.Found)
		}
	}
	return tellBacktest(w, out, zone)
}

// inHours writes 7d as 168h, which time.ParseDuration knows.
func inHours(since string) string {
	var days int
	if n, err := fmt.Sscanf(since, "%dd", &days); n == 1 && err == nil &&
		since == fmt.Sprintf("%dd", days) {
		return fmt.Sprintf("%dh", 24*days)
	}
	return since
}

func tellBacktest(w io.Writer, b apirules.Backtest, zone *time.Location) error {
	if b.State == apirules.BacktestFailed {
		return g.Errorf(g.Unavailable, "%s", b.Problem)
	}
	fmt.Fprintf(w, "would have fired %d times from %s to %s (%d events)\n", b.Found,
		b.From.In(zone).Format(time.DateTime), b.To.In(zone).Format(time.DateTime), b.Events)
	if b.Begins.After(b.From.Add(time.Hour)) {
		fmt.Fprintf(w, "the journal goes back to %s only\n", b.Begins.In(zone).Format(time.DateTime))
	}
	if b.Cut != "" {
		fmt.Fprintf(w, "cut short (%s): this is what it found until %s\n", b.Cut,
			b.Reached.In(zone).Format(time.DateTime))
	}
	for _, f := range b.Findings {
		how := "a moment"
		switch {
		case !f.Ended.IsZero():
			how = "for " + f.Ended.Sub(f.At).Round(time.Second).String()
		case f.Lasts:
			how = "until the end"
		}
		fmt.Fprintf(w, "%s  %-8s  %s  %s  %s\n", f.At.In(zone).Format(time.DateTime), f.Severity,
			orID(f.DeviceName, string(f.Device)), orID(f.ZoneName, string(f.Zone)), how)
	}
	if more := b.Found - len(b.Findings); more > 0 {
		fmt.Fprintf(w, "%d more are not listed\n", more)
	}
	fmt.Fprintln(w, "Names, rooms and profiles are those of now.")
	return nil
}

func orID(name, id string) string {
	switch {
	case name != "":
		return name
	case id != "":
		return id
	}
	return "-"
}

// Explain asks the gateway that runs on a data folder why a rule has raised an alert for a device,
// any for "", or has not; at a moment of the past if at is not "". It tells progress to said.
func Explain(
	ctx context.Context, w, said io.Writer, l texts.Language, dir, rule, device, at string,
) error {
	q := url.Values{
		"rule":   {rule},
		"device": {device},
	}
	zone, err := meant(ctx, dir, q, l)
	if err != nil {
		return err
	}
	if at != "" {
		return explainThen(ctx, w, said, l, dir, q, at, zone)
	}
	var out apirules.Explained
	if err := control.Rules(ctx, dir, "explain", q, "", l, &out); err != nil {
		return err
	}
	fmt.Fprintf(w, "times of %s\n", zone)
	tellExplained(w, out, zone)
	return nil
}

// meant puts the IDs of what q names into it, and returns the time zone of the school that it is about.
func meant(ctx context.Context, dir string, q url.Values, l texts.Language) (*time.Location, error) {
	var out struct{ Rule, Device, Timezone string }
	if err := control.Rules(ctx, dir, "meant", q, "", l, &out); err != nil {
		return nil, err
	}
	for key, id := range map[string]string{"rule": out.Rule, "device": out.Device} {
		if q.Get(key) != "" {
			q.Set(key, id)
		}
	}
	return time.LoadLocation(out.Timezone)
}

// explainThen waits until the gateway has read its journal up to the moment.
func explainThen(
	ctx context.Context, w, said io.Writer, l texts.Language, dir string, q url.Values, at string,
	zone *time.Location,
) error {
	moment, err := momentOf(at, zone)
	if err != nil {
		return err
	}
	q.Set("at", moment.Format(time.RFC3339))
	var out apirules.ExplainedThen
	if err := control.Rules(ctx, dir, "explain-then", q, "", l, &out); err != nil {
		return err
	}
	for out.State == apirules.BacktestRuns {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
		q = url.Values{"id": {out.ID}}
		if err := control.Rules(ctx, dir, "explain-state", q, "", l, &out); err != nil {
			return err
		}
		if out.State == apirules.BacktestRuns {
			fmt.Fprintf(said, "%s: %d events\n", out.Reached.In(zone).Format(time.DateTime), out.Events)
		}
	}
	return tellThen(w, out, zone)
}

// momentOf reads a time of a school's zone, or one with its own.
func momentOf(at string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, at, zone); err == nil {
			return t, nil
		}
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return t, g.FieldErrorf("at",
			"%q is no time; give one such as 2026-09-01 02:14, or 2026-09-01T02:14:00+08:00", at)
	}
	return t, nil
}

func tellThen(w io.Writer, x apirules.ExplainedThen, zone *time.Location) error {
	if x.State == apirules.BacktestFailed {
		return g.Errorf(g.Unavailable, "%s", x.Problem)
	}
	if x.Cut != "" {
		return g.Errorf(g.Unavailable, "it was ended (%s) at %s, before the moment", x.Cut,
			x.Reached.In(zone).Format(time.DateTime))
	}
	fmt.Fprintf(w, "at %s of %s (%d events since %s)\n", x.At.In(zone).Format(time.DateTime), zone, x.Events,
		x.From.In(zone).Format(time.DateTime))
	tellExplained(w, x.Explained, zone)
	why := map[string]string{
		apirules.ShortJournal: ": the journal begins there",
		apirules.ShortEvents:  ": more events are not read",
	}[x.Short]
	fmt.Fprintf(w, "What devices said before %s is not known%s.\n",
		x.From.In(zone).Format(time.DateTime), why)
	if !x.RuleChanged.IsZero() {
		fmt.Fprintf(w, "The rule was changed since, last at %s.\n",
			x.RuleChanged.In(zone).Format(time.DateTime))
	}
	fmt.Fprintln(w, "The rule, names, rooms and profiles are those of now; nobody's answers count.")
	return nil
}

func tellExplained(w io.Writer, x apirules.Explained, zone *time.Location) {
	if !x.InForce {
		fmt.Fprintln(w, "the rule is not in force", x.Problem)
	}
	if y := x.Why; y != nil {
		fmt.Fprintf(w, "%s: %s", y.Rule, y.Phase)
		for _, part := range []struct {
			word string
			at   time.Time
		}{{" since ", y.Since}, {", alert at ", y.Due}, {", ends at ", y.Ending}} {
			if !part.at.IsZero() {
				fmt.Fprint(w, part.word, part.at.In(zone).Format(time.DateTime))
			}
		}
		if y.Outside != "" {
			fmt.Fprintf(w, ": the device is not of its where.%s", y.Outside)
		}
		for _, h := range x.Hiding {
			fmt.Fprintf(w, ": kept off the wall until %s (%s)", h.End().In(zone).Format(time.DateTime),
				h.Reason)
		}
		if y.MutedBy != "" {
			fmt.Fprintf(w, ": the alert of %s speaks for it", y.MutedBy)
		}
		fmt.Fprintln(w)
		tellReason(w, y.When, "  ", zone)
		if y.Clear != nil {
			fmt.Fprintln(w, "it ends when:")
			tellReason(w, y.Clear, "  ", zone)
		}
	}
	for _, s := range x.Standings {
		fmt.Fprintf(w, "%s %s since %s\n", s.Phase, s.Key, s.Since.In(zone).Format(time.DateTime))
	}
	for _, a := range x.Alerts {
		fmt.Fprintf(w, "alert %s %s %s %s\n", a.Opened.In(zone).Format(time.DateTime), a.State,
			orID(a.DeviceName, string(a.Device)), a.ResolverName)
	}
}

func tellReason(w io.Writer, r *rules.Ground, indent string, zone *time.Location) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "%s%-7s  %s\n", indent, r.Holds, orID(r.Says, r.Kind))
	if r.Need > 0 {
		fmt.Fprintf(w, "%s  counted %d of %d\n", indent, r.Count, r.Need)
	}
	for _, s := range r.Seen {
		switch {
		case s.Never:
			fmt.Fprintf(w, "%s  %s: never reported\n", indent, s.Device)
		case r.Kind == "status":
			fmt.Fprintf(w, "%s  %s: %s\n", indent, s.Device, s.State)
		default:
			old := ""
			if s.Old {
				old = ", too old to count or out of reach"
			}
			fmt.Fprintf(w, "%s  %s: %s at %s%s\n", indent, s.Device, s.Value,
				s.At.In(zone).Format(time.DateTime), old)
		}
	}
	for i := range r.Of {
		tellReason(w, &r.Of[i], indent+"  ", zone)
	}
}
