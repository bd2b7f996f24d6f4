package host

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/gatehouse-iot/gatehouse/drivers/confine"
)

// planPipe is an open file that holds the plan. It lies on no disk.
func planPipe(p confine.Plan) (*os.File, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() { // ends with the launcher at the latest, which holds the only other end
		_, _ = to.Write(b)
		to.Close()
	}()
	return from, nil
}

// maxReport is what a launcher's report may be, in bytes.
const maxReport = 64 << 10

// readReport waits until the launcher is the program or has ended.
func readReport(from *os.File) confine.Report {
	defer from.Close()
	var r confine.Report
	b, err := io.ReadAll(io.LimitReader(from, maxReport))
	if err == nil && len(b) == 0 {
		r.Error = "the launcher ended before it could confine the program"
		return r
	}
	// A launcher that could not start the program has reported that after what it confined.
	d := json.NewDecoder(bytes.NewReader(b))
	for err == nil {
		err = d.Decode(&r)
	}
	return r
}
