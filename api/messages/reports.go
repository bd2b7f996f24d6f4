package messages

import (
	"errors"
	"io"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
)

// mostReport is how many bytes of a report are read.
const mostReport = 256 << 10

// registerReports adds the address to which the other side of a channel posts what became of letters.
// Its secret part is the right to it; kinds whose reports are signed ask for the signature as well.
func (s *area) registerReports() {
	if s.queue == nil {
		return
	}
	s.Plain("POST /m/reports/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Spares(w, r) {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostReport))
		if err != nil {
			http.Error(w, "a report has at most 256 KiB: send it in parts", http.StatusRequestEntityTooLarge)
			return
		}
		answer, err := s.queue.Posted(r.Context(), r.PathValue("token"), r.Header, body)
		if err != nil {
			s.refuseReport(w, r, err)
			return
		}
		if answer != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, answer) // who has gone needs no answer
	})
}

// refuseReport answers a report that was not taken; 503 asks for it again.
func (s *area) refuseReport(w http.ResponseWriter, r *http.Request, err error) {
	status := map[g.Code]int{
		g.NotFound:        http.StatusNotFound,
		g.Unauthenticated: http.StatusUnauthorized,
		g.Invalid:         http.StatusBadRequest,
	}[g.ErrorCode(err)]
	var e *g.Error
	if status == 0 || !errors.As(err, &e) {
		s.Log().WarnContext(r.Context(), "a report of messages cannot be taken", "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	http.Error(w, e.Error(), status)
}
