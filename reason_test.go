package gatehouse_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
)

func TestAReasonIsASentence(t *testing.T) {
	why := gatehouse.Because(gatehouse.ReasonNothingThere, "address", "10.0.0.9:502", "protocol",
		"Modbus", "port", 502)
	want := "nothing listens at 10.0.0.9:502: check the address and the port (Modbus usually has " +
		"502), and that Modbus is switched on"
	if got := why.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := gatehouse.Because("vendor_says_no").String(); got != "vendor_says_no" {
		t.Errorf("got %q of a code that nobody has words for", got)
	}
}

func TestTheReasonOfAnError(t *testing.T) {
	why := gatehouse.Because(gatehouse.ReasonNameUnknown, "address", "nowhere")
	wrapped := fmt.Errorf("connect: %w", why.Err(gatehouse.Unavailable))
	if got := gatehouse.ReasonOf(wrapped); !reflect.DeepEqual(got, why) {
		t.Errorf("got %+v, want %+v", got, why)
	}
	want := gatehouse.Because(gatehouse.ReasonOther, "text", "the door is stuck")
	if got := gatehouse.ReasonOf(errors.New("the door is stuck")); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestCausesThatAreNone: the state is admitted, with those causes that are valid.
func TestCausesThatAreNone(t *testing.T) {
	good := gatehouse.Because(gatehouse.ReasonNoAnswer, "address", "10.0.0.9")
	many := make(map[string]string)
	for i := range gatehouse.MaxReasonParams + 1 {
		many[fmt.Sprint("p", i)] = "x"
	}
	o := gatehouse.Observation{
		Device: "dev_1", Status: &gatehouse.Status{
			State:  gatehouse.StateOffline,
			Reason: "it is away",
			Causes: []gatehouse.Reason{
				good,
				{Code: "no code"},
				{
					Code:   "long",
					Params: map[string]string{"x": strings.Repeat("校", gatehouse.MaxReasonParam+1)},
				},
				{Code: "many", Params: many},
			},
		},
	}
	d := gatehouse.Device{ID: "dev_1", Enabled: true}
	a, err := gatehouse.Admit(d, gatehouse.Profile{}, o, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.Observation.Status.Causes, []gatehouse.Reason{good}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if len(o.Status.Causes) != 4 {
		t.Error("Admit changed what it was given")
	}
	o.Status.Causes = slices.Repeat([]gatehouse.Reason{good}, gatehouse.MaxReasons+1)
	a, err = gatehouse.Admit(d, gatehouse.Profile{}, o, time.Now())
	if err != nil || len(a.Observation.Status.Causes) != gatehouse.MaxReasons {
		t.Errorf("got %d causes, %v; want %d", len(a.Observation.Status.Causes), err,
			gatehouse.MaxReasons)
	}
}

// TestReasonsInBothLanguages: the catalogue has exactly these codes in each language, with the same
// params, and its English text is the reason's own.
func TestReasonsInBothLanguages(t *testing.T) {
	english := gatehouse.ReasonTexts()
	delete(english, gatehouse.ReasonOther) // a driver's own words
	b, err := os.ReadFile("api/console/src/i18n/causes.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[gatehouse.ReasonCode]struct{ EN, ZH string }
	if err := json.Unmarshal(b, &words); err != nil {
		t.Fatal(err)
	}
	for code, sentence := range english {
		theirs, ok := words[code]
		if !ok {
			t.Errorf("causes.json has no words for %s", code)
			continue
		}
		if theirs.EN != sentence {
			t.Errorf("causes.json, %s: got %q, want %q", code, theirs.EN, sentence)
		}
		got := params(theirs.ZH, `\{(\w+)\}`)
		if want := params(sentence, `\{(\w+)\}`); !slices.Equal(got, want) || theirs.ZH == "" {
			t.Errorf("causes.json, %s: got the params %v in Chinese, want %v", code, got, want)
		}
	}
	for code := range words {
		if _, ok := english[code]; !ok {
			t.Errorf("causes.json has words for %s, which is no code", code)
		}
	}
}

func params(sentence, pattern string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(sentence, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestReasonsArePublished: the page for vendors lists each code with its sentence.
func TestReasonsArePublished(t *testing.T) {
	b, err := os.ReadFile("drivers/driverpb/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, sentence := range gatehouse.ReasonTexts() {
		if row := fmt.Sprintf("| `%s` | %s |\n", code, sentence); !strings.Contains(string(b), row) {
			t.Errorf("drivers/driverpb/README.md lacks the row %s", row)
		}
	}
}
