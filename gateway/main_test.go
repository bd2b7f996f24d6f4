package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this test binary as the gateway.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gateway": main})
}

// TestCommandLine runs testdata/script: what a person types, and what the gateway says to it.
func TestCommandLine(t *testing.T) {
	testscript.Run(t,
		testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
		})
}
