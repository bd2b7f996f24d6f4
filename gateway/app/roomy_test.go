package app_test

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
)

// open is app.Open over a disk with room, unless o says what disk it is: a test tells what the school
// does, and says nothing of the disk of the machine that it runs on.
func open(ctx context.Context, c config.Config, o app.Options) (*app.App, error) {
	if o.JournalFS == nil && o.FreeBytes == nil {
		o.FreeBytes = func(string) (uint64, error) { return 1 << 40, nil }
	}
	return app.Open(ctx, c, o)
}
