package messages_test

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// A step says its wait in seconds, as it is asked for; what was kept in nanoseconds is read still.
func TestAStepsWaitIsInSeconds(t *testing.T) {
	for _, kept := range []string{
		`{"ways":["sms"],"after":180000000000}`,
		`{"ways":["sms"],"after_seconds":180}`,
	} {
		var s messages.Step
		if err := json.Unmarshal([]byte(kept), &s); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(b), `{"ways":["sms"],"after_seconds":180}`; got != want {
			t.Errorf("%s: got %s, want %s", kept, got, want)
		}
	}
}
