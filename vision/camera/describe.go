//go:build vision

package main

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/sdp"
)

// Limits of a stream's description; the rest is ignored.
const (
	maxDescription = 64 << 10 // bytes
	maxMedia       = 32       // parts
	maxTypes       = 16       // payload types of a part
)

// medium is one media section of a description: the parts needed to play its video.
type medium struct {
	video   bool
	secure  bool     // SRTP
	types   []string // payload types, in the order of preference
	codecs  map[string]string
	options map[string]string
	control string
	keys    string // a=key-mgmt
}

// cutDescription rewrites a stream's description (SDP, RFC 8866; in RTSP: RFC 2326, appendix C)
// with nothing but its H.264 and H.265 video, so that errors in what a camera says about its sound,
// origin or ports do not prevent playing. out is nil if there is no such video; others then names
// the codecs that there are. ok is false if body is not a description.
func cutDescription(body []byte) (out []byte, others []string, ok bool) {
	session, media := readDescription(body)
	if len(media) == 0 {
		return nil, nil, false
	}
	var kept []medium
	for _, m := range media {
		var usable []string
		for _, t := range m.types {
			switch c := m.codecs[t]; {
			case m.video && playable(c, t):
				usable = append(usable, t)
			case c != "" && !slices.Contains(others, c):
				others = append(others, c)
			}
		}
		if m.types = usable; len(usable) > 0 {
			kept = append(kept, m)
		}
	}
	if len(kept) == 0 {
		return nil, others, true
	}
	out = writeDescription(session, kept, true)
	if !understood(out) { // drop the options; parameter sets also come with the video
		out = writeDescription(session, kept, false)
	}
	return out, others, true
}

// playable reports whether the codec of a payload type can be decoded.
func playable(codec, payloadType string) bool {
	n, err := strconv.Atoi(payloadType)
	if err != nil {
		return false
	}
	dynamic := n >= 96 && n <= 127
	return codec == "H264" && (dynamic || n == 35) || codec == "H265" && dynamic
}

// readDescription parses the lines that matter. session holds those before the first media section.
func readDescription(body []byte) (session medium, media []medium) {
	at := &session
	for line := range bytes.Lines(body[:min(len(body), maxDescription)]) {
		text := strings.TrimSpace(string(bytes.ToValidUTF8(line, nil)))
		kind, value, found := strings.Cut(text, "=")
		if !found {
			continue
		}
		switch strings.TrimSpace(kind) {
		case "m":
			if len(media) == maxMedia {
				return session, media
			}
			media = append(media, newMedium(value))
			at = &media[len(media)-1]
		case "a":
			at.read(value)
		}
	}
	for i := range media {
		media[i].guess()
	}
	return session, media
}

// newMedium parses an m= line: kind, port, protocol and payload types. The port is ignored:
// everything runs over one connection.
func newMedium(line string) medium {
	m := medium{
		codecs:  map[string]string{},
		options: map[string]string{},
	}
	words := strings.Fields(line)
	if len(words) < 4 {
		return m
	}
	m.video = strings.EqualFold(words[0], "video")
	m.secure = strings.Contains(words[2], "SAVP")
	for _, t := range words[3:] {
		n, err := strconv.ParseUint(t, 10, 7)
		if err != nil || len(m.types) == maxTypes {
			continue
		}
		t = strconv.FormatUint(n, 10)
		m.types = append(m.types, t)
		if c, ok := staticCodec(n); ok {
			m.codecs[t] = c
		}
	}
	return m
}

// staticCodec names the codecs of payload types that need no rtpmap (RFC 3551, section 6).
func staticCodec(payloadType uint64) (string, bool) {
	switch payloadType {
	case 0, 8:
		return "G711", true
	case 14:
		return "MPEG-1 audio", true
	case 26:
		return "M-JPEG", true
	case 32:
		return "MPEG-1/2 video", true
	case 33:
		return "MPEG-TS", true
	}
	return "", false
}

// read reads one attribute.
func (m *medium) read(attribute string) {
	key, value, _ := strings.Cut(attribute, ":")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "control":
		m.control = value
	case "key-mgmt":
		m.keys = value
	case "rtpmap":
		if t, rest, ok := strings.Cut(value, " "); ok && m.codecs != nil &&
			slices.Contains(m.types, t) {
			m.codecs[t] = codecName(strings.TrimSpace(rest))
		}
	case "fmtp":
		if t, rest, ok := strings.Cut(value, " "); ok && m.options != nil &&
			slices.Contains(m.types, t) {
			m.options[t] = rest
		}
	}
}

// codecName maps an rtpmap's encoding to the name used here and shown to people.
func codecName(encoding string) string {
	name, _, _ := strings.Cut(encoding, "/")
	name = strings.ToUpper(strings.TrimSpace(name))
	switch name {
	case "HEVC":
		return "H265"
	case "JPEG":
		return "M-JPEG"
	case "MP4V-ES":
		return "MPEG-4 video"
	}
	return name[:min(len(name), 32)]
}

// guess derives the codec of a section without rtpmap from the parameter sets in its options.
func (m *medium) guess() {
	if len(m.codecs) > 0 {
		return
	}
	for t, o := range m.options {
		switch o = strings.ToLower(o); {
		case strings.Contains(o, "sprop-parameter-sets"):
			m.codecs[t] = "H264"
		case strings.Contains(o, "sprop-vps"), strings.Contains(o, "sprop-sps"):
			m.codecs[t] = "H265"
		}
	}
}

// writeDescription writes the description of media, with or without their options.
func writeDescription(session medium, media []medium, options bool) []byte {
	var b bytes.Buffer
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	line("v=0")
	line("o=- 0 0 IN IP4 0.0.0.0")
	line("s=stream")
	line("t=0 0")
	if absolute(session.control) {
		line("a=control:", session.control)
	}
	for _, m := range media {
		protocol := "RTP/AVP"
		if m.secure {
			protocol = "RTP/SAVP"
		}
		line("m=video 0 ", protocol, " ", strings.Join(m.types, " "))
		if keys := cmpOr(m.keys, session.keys); m.secure && keys != "" {
			line("a=key-mgmt:", keys)
		}
		if usableControl(m.control) {
			line("a=control:", m.control)
		}
		for _, t := range m.types {
			line(
				"a=rtpmap:",
				t,
				" ",
				m.codecs[t],
				"/90000",
			)
			if o := soundOptions(m.codecs[t], m.options[t]); options && o != "" {
				line("a=fmtp:", t, " ", o)
			}
		}
	}
	return b.Bytes()
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// absolute reports whether a control attribute is a complete RTSP address.
func absolute(control string) bool {
	if !strings.HasPrefix(control, "rtsp://") && !strings.HasPrefix(control, "rtsps://") {
		return false
	}
	u, err := base.ParseURL(control)
	return err == nil && u.Hostname() != ""
}

// usableControl reports whether a control attribute is a valid address, absolute or relative to the
// stream's.
func usableControl(control string) bool {
	if control == "" {
		return false
	}
	if strings.Contains(control, "://") {
		return absolute(control)
	}
	_, err := base.ParseURL("rtsp://camera/" + control)
	return err == nil
}

// soundOptions keeps only the well-formed options for packetization and parameter sets.
func soundOptions(codec, options string) string {
	var keep []string
	for part := range strings.SplitSeq(options, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.Trim(
			strings.TrimSpace(value), `"`)
		switch {
		case codec == "H264" && key == "packetization-mode" && (value == "0" || value == "1"),
			codec == "H265" && key == "sprop-max-don-diff" && value == "0":
			keep = append(keep, key+"="+value)
		case codec == "H264" && key == "sprop-parameter-sets":
			if sets := parameterSets(value); len(sets) >= 2 {
				keep = append(keep, key+"="+strings.Join(sets, ","))
			}
		case codec == "H265" && (key == "sprop-vps" || key == "sprop-sps" || key == "sprop-pps"):
			if sets := parameterSets(value); len(sets) > 0 {
				keep = append(keep, key+"="+sets[0])
			}
		}
	}
	return strings.Join(keep, "; ")
}

// parameterSets keeps the entries of a list that are valid base64, padded or not.
func parameterSets(list string) (sets []string) {
	for s := range strings.SplitSeq(list, ",") {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(s), "="))
		if err == nil && len(b) > 0 {
			sets = append(sets, base64.StdEncoding.EncodeToString(b))
		}
	}
	return sets
}

// understood reports whether the RTSP library accepts a description.
func understood(body []byte) bool {
	var s sdp.SessionDescription
	if s.Unmarshal(body) != nil {
		return false
	}
	var d description.Session
	return d.Unmarshal(&s) == nil
}
