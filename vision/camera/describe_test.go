//go:build vision

package main

import (
	"context"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/headers"
	"github.com/bluenviron/gortsplib/v5/pkg/sdp"
)

// The parts around the one that a case varies.
const (
	rightHead  = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 0.0.0.0\nt=0 0\n"
	rightVideo = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 " +
		"packetization-mode=1\na=control:trackID=0\n"
)

// oddDescriptions are descriptions with a fault, but not in their video.
func oddDescriptions() map[string]string {
	return map[string]string{
		"AAC without its configuration": rightHead + rightVideo +
			"m=audio 0 RTP/AVP 104\na=control:trackID=1\na=rtpmap:104 " +
			"MPEG4-GENERIC/16000\na=fmtp:97 streamtype=5;config=1408\n",
		"a way back for sound": rightHead + rightVideo +
			"m=audio 0 RTP/AVP 116 0\na=control:trackID=5\na=rtpmap:116 " +
			"MPEG4-GENERIC/64000\na=sendonly\n",
		"sound with a port below zero": rightHead + rightVideo +
			"m=audio -7 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n",
		"an origin of more than 64 bits": strings.Replace(rightHead, "- 0 0",
			"RTSP 19599440071187478912 13656283801756621937", 1) +
			rightVideo,
		"a port below zero": rightHead +
			strings.Replace(rightVideo, "video 0", "video -1353744643", 1),
		"an address that is none": rightHead +
			strings.Replace(rightVideo, "a=rtpmap", "c=IN IP4 \x01\x02\na=rtpmap", 1),
		"times that are none": strings.Replace(rightHead, "t=0 0", "t=now", 1) +
			rightVideo,
		"a bandwidth that is none": rightHead + "b=lots\n" + rightVideo,
		"no head":                  rightVideo,
		"a vendor's own part": rightHead + rightVideo +
			"m=application/X 0 RTP/AVP smart/1/90000\na=rtpmap:95 X/90000\n",
		"half of the parts named": rightHead + rightVideo +
			"a=mid:v\nm=audio 0 RTP/AVP 8\n",
		"two parts of one name": rightHead + rightVideo +
			"a=mid:1\nm=audio 0 RTP/AVP 8\na=mid:1\n",
		"parameter sets that are none": rightHead +
			strings.Replace(rightVideo, "mode=1", "mode=1;sprop-parameter-sets=%%%,***", 1),
		"a packetization mode that is none": rightHead +
			strings.Replace(rightVideo, "mode=1", "mode=x", 1),
		"a codec in small letters": rightHead +
			strings.Replace(rightVideo, "H264", "h264", 1),
		"a video that is a way back": rightHead + rightVideo + "a=sendonly\n",
		"a base that is none":        rightHead + "a=control:stream\n" + rightVideo,
		"a still picture as well": rightHead +
			"m=video 0 RTP/AVP 26\na=control:trackID=9\n" + rightVideo,
	}
}

// Faults outside the description of the video do not prevent playing it.
func TestVideoIsWatchedWhateverElseIsDescribed(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "cap13_edit2.mp4").Units[:20])
	d := newDriver()
	for name, body := range oddDescriptions() {
		s.body = []byte(strings.ReplaceAll(body, "\n", "\r\n"))
		p, err := d.Probe(context.Background(), device(s.url()))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(p.Message, "H.264 400x300") {
			t.Errorf("%s: got %q, want H.264 400x300", name, p.Message)
		}
	}
}

func TestDescriptionWithoutVideoNamesWhatIsThere(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1}, nil)
	for body, says := range map[string]string{
		rightHead + "m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n":                      "it has PCMA;",
		rightHead + "m=video 0 RTP/AVP 97\na=rtpmap:97 MP4V-ES/90000\nm=audio 0 x 0\n": "it has MPEG-4 video, G711;",
		rightHead + "m=video 0 RTP/AVP 26\n":                                           "it has M-JPEG;",
		rightHead + "m=video 0 RTP/AVP 96\n":                                           "it has nothing;",

		"<html>not found</html>\n": "does not speak RTSP as expected",
	} {
		s.body = []byte(body)
		_, err := newDriver().Probe(context.Background(), device(s.url()))
		if e := spoken(t, err); !strings.Contains(e.Message, says) {
			t.Errorf("%q: got %q, want … %s …", body, e.Message, says)
		}
	}
}

// A camera that offers SHA-256 and MD5 and refuses the right password with SHA-256 is accessed with
// MD5. A wrong password is still reported as wrong, and does not appear in the message.
func TestBrokenSHA256FallsBackToMD5(t *testing.T) {
	s := newStage(t, &format.H264{PayloadTyp: 96, PacketizationMode: 1},
		recording(t, "cap13_edit2.mp4").Units[:20])
	methods := []auth.VerifyMethod{auth.VerifyMethodDigestMD5, auth.VerifyMethodDigestSHA256}
	s.gate = func(r *base.Request) *base.Response {
		var a headers.Authorization
		if err := a.Unmarshal(r.Header["Authorization"]); err == nil &&
			(a.Algorithm == nil || *a.Algorithm != headers.AuthAlgorithmSHA256) &&
			auth.Verify(r, "admin", "pa@ss:wo#rd", methods[:1], "camera", "abcdef0123456789") == nil {
			return nil
		}
		return &base.Response{
			StatusCode: base.StatusUnauthorized,
			Header: base.Header{
				"WWW-Authenticate": auth.GenerateWWWAuthenticate(methods, "camera",
					"abcdef0123456789"),
			},
		}
	}
	d := newDriver()
	if _, err := d.Probe(context.Background(), plain(s.url(), "admin", "pa@ss:wo#rd")); err != nil {
		t.Errorf("the right password: %v", err)
	}
	_, err := d.Probe(context.Background(), plain(s.url(), "admin", "hunter3hunter3"))
	if e := spoken(t, err); e.Field != "password" || strings.Contains(e.Error(), "hunter") {
		t.Errorf("a wrong password: got %v, want one about the password", e)
	}
}

// For any input the output is empty, or a description that the library accepts and whose media all
// have an address.
func FuzzCutDescription(f *testing.F) {
	for _, body := range oddDescriptions() {
		f.Add([]byte(body))
	}
	f.Add([]byte("m=video 0 RTP/SAVP 96\na=key-mgmt:mikey AAAA\na=rtpmap:96 " +
		"H265/90000\na=fmtp:96 sprop-sps=QUFB\na=control:?x"))
	f.Add([]byte("a=control:rtsp://[::1\nm=video 0 RTP/AVP 35\na=rtpmap:35 " +
		"H264/90000\na=control:%zz"))
	home, err := base.ParseURL("rtsp://camera/live?x=1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		out, _, ok := cutDescription(body)
		if !ok || out == nil {
			return
		}
		var s sdp.SessionDescription
		if err := s.Unmarshal(out); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		var d description.Session
		if err := d.Unmarshal(&s); err != nil {
			if strings.Contains(string(out), "key-mgmt") {
				return // without its key, a video that is encrypted is refused
			}
			t.Fatalf("%q: %v", out, err)
		}
		if _, err := choose(&d); err != nil {
			t.Errorf("%q: %v", out, err)
		}
		for _, m := range d.Medias {
			if u, err := m.URL(home); err != nil || u == nil {
				t.Errorf("%q: the control %q leads nowhere: %v", out, m.Control, err)
			}
		}
	})
}
