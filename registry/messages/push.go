package messages

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

// PushKey is what a browser subscribes with: the public key of the channel that serves the caller's
// school (RFC 8292, section 3.2).
type PushKey struct {
	Channel g.ChannelID `json:"channel"`
	Key     string      `json:"key"` // of P-256, uncompressed, in base64url
}

// PushKey is the key that the caller's browsers subscribe with. What the browser answers is an address
// of the caller's own (AddMine); one that the push service no longer knows is not used again, and its
// Lost says so.
func (v View) PushKey(ctx context.Context) (PushKey, error) {
	_, school, err := v.self(ctx)
	if err != nil {
		return PushKey{}, err
	}
	by, err := v.r.serving(ctx, v.s.Reg, school)
	if err != nil {
		return PushKey{}, err
	}
	ch, ok := by[Push]
	if !ok || ch.Settings["public_key"] == "" {
		return PushKey{}, g.Errorf(g.NotFound,
			"the school has no channel for browsers yet: ask your administrator to add one")
	}
	return PushKey{
		Channel: ch.ID,
		Key:     ch.Settings["public_key"],
	}, nil
}
