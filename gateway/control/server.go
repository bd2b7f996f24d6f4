package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
)

// Server serves the command line.
type Server struct {
	Dir    string // the data folder
	Backup func(ctx context.Context, w io.Writer) error
	Reload func(ctx context.Context, dry bool) (api.Reload, error)
	// Rules answers questions about the rules, whose answers are written as JSON.
	Rules func(ctx context.Context, deed string, q url.Values, body []byte) (any, error)
	Log   *slog.Logger
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	return inFolder(s.Dir, func(file string) error { return s.run(ctx, file) })
}

func (s *Server) run(ctx context.Context, file string) error {
	token, err := newToken(s.Dir)
	if err != nil {
		return fmt.Errorf("write %s into data_dir: %w", tokenName, err)
	}
	defer os.Remove(filepath.Join(s.Dir, tokenName))
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", file)
	if err != nil {
		return fmt.Errorf("listen for the command line at %s in data_dir: %w", socketName, err)
	}
	defer os.Remove(file)
	if err := os.Chmod(file, 0o600); err != nil {
		l.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", s.shown(token, s.backup))
	mux.HandleFunc("POST /reload", s.shown(token, s.reload))
	mux.HandleFunc("POST /rules/{deed}", s.shown(token, s.rules))
	return listeners.Serve(ctx, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
	}, l)
}

// shown calls deed for requests that present the token.
func (s *Server) shown(token string, deed http.HandlerFunc) http.HandlerFunc {
	want := []byte("Bearer " + token)
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			s.Log.Warn("somebody asked at the command line's socket without what data_dir "+
				"holds for that",
				"for", r.Pattern, "file", tokenName)
			http.Error(w, "show what "+tokenName+" in data_dir holds", http.StatusForbidden)
			return
		}
		deed(w, r)
	}
}

func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "X-Error")
	if err := s.Backup(r.Context(), w); err != nil {
		s.Log.Error("backup", "error", err)
		w.Header().Set("X-Error", err.Error())
	}
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	out, err := s.Reload(r.Context(), r.URL.Query().Get("dry_run") != "")
	if err != nil {
		l := texts.Accept(r.Header.Get("Accept-Language"))
		http.Error(w, l.Error(err), http.StatusUnprocessableEntity)
		return
	}
	_ = json.NewEncoder(w).Encode(out) // a caller who is gone needs no answer
}
