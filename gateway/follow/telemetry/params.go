package telemetry

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Params are the parameters that a path of the Prometheus HTTP API takes, in a query or a form.
func Params(path string) []string {
	switch path {
	case "/query":
		return []string{"query", "time", "timeout", "limit", "lookback_delta", "stats"}
	case "/query_range":
		return []string{
			"query", "start", "end", "step", "timeout", "limit", "lookback_delta", "stats",
		}
	case "/labels", "/label/{name}/values", "/series":
		return []string{"start", "end", "match[]", "limit"}
	case "/metadata":
		return []string{"metric", "limit", "limit_per_metric"}
	case "/rules":
		return []string{
			"type", "rule_name[]", "rule_group[]", "file[]", "match[]", "exclude_alerts",
			"group_limit", "group_next_token",
		}
	case "/query_exemplars":
		return []string{"query", "start", "end"}
	}
	return []string{}
}

// checkForm refuses what would otherwise be ignored: an unknown parameter, one that is given twice,
// and text that is not UTF-8.
func checkForm(form url.Values, known []string) error {
	for key, values := range form {
		if !slices.Contains(known, key) {
			return badData{
				fmt.Errorf("there is no parameter %.64q here; those taken are %s", key,
					strings.Join(known, ", ")),
			}
		}
		if len(values) > 1 && !strings.HasSuffix(key, "[]") {
			return badData{
				fmt.Errorf("the parameter %s is there %d times; give it once", key, len(values)),
			}
		}
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return badData{fmt.Errorf("the parameter %s is not UTF-8", key)}
		}
	}
	return nil
}
