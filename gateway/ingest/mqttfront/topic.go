package mqttfront

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Prefix begins every topic of the gateway: Prefix + school/device/name.
const Prefix = "gh/v1/"

// Topic is a device's topic for name: telemetry, sighting, status and occurrence come from the
// device, command/… goes to it.
func Topic(id Identity, name string) string {
	return Prefix + string(id.School) + "/" + string(id.Device) + "/" + name
}

// own is what every topic of an identity begins with.
func (id Identity) own() string {
	if id.Device == "" {
		return Prefix + string(id.School) + "/"
	}
	return Topic(id, "")
}

// MayPublish tells whether a client may publish to a topic: a device below its
// own, except commands, which come from the gateway.
func (id Identity) MayPublish(topic string) bool {
	name, ok := strings.CutPrefix(topic, id.own())
	return ok && id.Device != "" && name != "" && name != "command" &&
		!strings.HasPrefix(name, "command/")
}

// MaySubscribe tells whether a client may subscribe to a filter, which then
// lies below its own topics. A shared filter is judged by the filter in it.
func (id Identity) MaySubscribe(filter string) bool {
	_, filter = splitShared(filter)
	name, ok := strings.CutPrefix(filter, id.own())
	return ok && name != ""
}

// sharePrefix begins a shared subscription's filter (MQTT5 4.8.2).
const sharePrefix = "$share/"

// splitShared takes $share/group/filter apart.
func splitShared(filter string) (group, inner string) {
	rest, ok := strings.CutPrefix(filter, sharePrefix)
	if !ok {
		return "", filter
	}
	group, inner, _ = strings.Cut(rest, "/")
	return group, inner
}

// validTopic checks a topic name (MQTT5 4.7.3, 1.5.4).
func validTopic(b []byte) bool {
	return len(b) > 0 && isText(b) && bytes.IndexByte(b, '+') < 0 && bytes.IndexByte(b, '#') < 0
}

// maxLevels bounds a topic filter: each level is a node of the tree.
const maxLevels = 128

func tooDeep(filter string) bool { return strings.Count(filter, "/") >= maxLevels }

// validFilter checks a topic filter (MQTT5 4.7.1, 4.8.2).
func validFilter(filter string) bool {
	if strings.HasPrefix(filter, sharePrefix) {
		group, inner := splitShared(filter)
		if group == "" || strings.ContainsAny(group, "+#") {
			return false
		}
		filter = inner
	}
	if filter == "" || !utf8.ValidString(filter) || strings.IndexByte(filter, 0) >= 0 {
		return false
	}
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		if strings.ContainsAny(level, "+#") && len(level) > 1 || level == "#" && more {
			return false
		}
	}
	return true
}

// matches tells whether a filter without a share covers a topic (MQTT5 4.7.1).
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") &&
		(strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	moreF, moreT := true, true
	for moreF {
		var f, t string
		f, filter, moreF = strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		if !moreT {
			return false
		}
		t, topic, moreT = strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
	}
	return !moreT
}
