//go:build !vision

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr,
		"measure: this program was built without vision; see deploy/setup/vision.env")
	os.Exit(1)
}
