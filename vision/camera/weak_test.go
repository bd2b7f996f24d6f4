//go:build vision

package main

import (
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/gatehouse-iot/gatehouse"
)

// TestACameraThatAsksNobodyIsWeak: a camera without authentication is weak, with or without a
// password configured for it.
func TestACameraThatAsksNobodyIsWeak(t *testing.T) {
	const (
		basic  = `Basic realm="camera"`
		digest = `Digest realm="camera", nonce="a1"`
	)
	for _, c := range []struct {
		url  string
		asks []string
		want gatehouse.Weakness
	}{
		{url: "rtsp://10.0.0.7/1", want: gatehouse.WeakNoPassword},
		{url: "rtsps://viewer:secret@10.0.0.7/1", want: gatehouse.WeakNoPassword},
		{
			url:  "rtsp://viewer:secret@10.0.0.7/1",
			asks: []string{basic},
			want: gatehouse.WeakPlainText,
		},
		{url: "rtsps://viewer:secret@10.0.0.7/1", asks: []string{basic}, want: gatehouse.WeakNone},
		{
			url:  "rtsp://viewer:secret@10.0.0.7/1",
			asks: []string{basic, digest},
			want: gatehouse.WeakNone,
		},
		{url: "rtsp://127.0.0.1:8554/1", want: gatehouse.WeakNone},
	} {
		u, err := base.ParseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		said := &talk{}
		if len(c.asks) > 0 {
			said.hear(&base.Response{
				StatusCode: base.StatusUnauthorized,
				Header:     base.Header{"WWW-Authenticate": base.HeaderValue(c.asks)},
			})
		}
		if got := said.weak(u); got != c.want {
			t.Errorf("%s that asks %q: got %q, want %q", c.url, c.asks, got, c.want)
		}
	}
}
