//go:build !vision

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr,
		"camera: this program was built without vision; install what deploy/setup/debian.sh "+
			"lists and build it with 'make build'")
	os.Exit(1)
}
