package host

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/gatehouse-iot/gatehouse/drivers/confine"
)

// planPipe returns a pipe that holds the plan, so that it is never on disk.
func planPipe(p confine.Plan) (*os.File, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() { // ends when the launcher, which holds the only other end, exits at the latest
		_, _ = to.Write(b)
		to.Close()
	}()
	return from, nil
}

// maxReport is the most bytes that are read of a launcher's report.
const maxReport = 64 << 10

// readReport blocks until the launcher has executed the program or ended.
func readReport(from *os.File) confine.Report {
	defer from.Close()
	var r confine.Report
	b, err := io.ReadAll(io.LimitReader(from, maxReport))
	if err == nil && len(b) == 0 {
		r.Error = "the launcher ended before it could confine the program"
		return r
	}
	// If the program could not be executed, a second report follows the first.
	d := json.NewDecoder(bytes.NewReader(b))
	for err == nil {
		err = d.Decode(&r)
	}
	return r
}
