//go:build vision

package main

import (
	"context"
	"errors"
	"io"
)

func bench(context.Context, []string, io.Writer) error { return errors.New("not yet") }
