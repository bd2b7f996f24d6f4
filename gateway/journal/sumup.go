package journal

import (
	"fmt"
	"io"
	"time"
)

// SumUp prints what a journal holds and each of its damaged places, which it counts.
func SumUp(out io.Writer, dir, what string) (damaged int, err error) {
	sum, err := Verify(dir, func(p Problem) {
		damaged++
		fmt.Fprintln(out, p)
	})
	if err != nil {
		return damaged, err
	}
	fmt.Fprintf(out, "%d %s in %d files, %d bytes, %d readers, %d damaged places\n", sum.Records,
		what, sum.Segments, sum.Bytes, sum.Cursors, sum.Problems)
	if sum.Records > 0 {
		fmt.Fprintf(out, "sequences %d to %d, %s to %s\n", sum.Oldest, sum.Newest,
			sum.From.UTC().Format(time.RFC3339), sum.To.UTC().Format(time.RFC3339))
	}
	return damaged, nil
}
