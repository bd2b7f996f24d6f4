//go:build linux

package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/gatehouse-iot/gatehouse/gateway/bench/measure"
)

// goalert is GoAlert with its shipped settings, on a database of its own.
type goalert struct {
	*measure.Process
	url   string
	count int
}

const (
	goalertDatabase = "goalert"
	goalertSecret   = "a key of the benchmark"
)

// startGoAlert makes so many services: each has an integration key, and a policy of two levels a minute
// apart, each of a user with a mail address of his own, since GoAlert tells one address at most once a
// minute.
func startGoAlert(ctx context.Context, o options, dir string, s *sink, services int) (*goalert, error) {
	if o.postgres == "" {
		return nil, errors.New("GoAlert needs PostgreSQL: run it by deploy/setup/postgres.sh")
	}
	dsn, err := ownDatabase(ctx, o.postgres)
	if err != nil {
		return nil, err
	}
	conf, err := json.Marshal(map[string]any{"SMTP": map[string]any{
		"Enable": true, "From": "goalert@school.example", "Address": s.addr, "DisableTLS": true,
	}})
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"migrate"}, {"set-config", "--data", string(conf)}} {
		args = append(args, "--db-url", dsn, "--data-encryption-key", goalertSecret)
		if out, err := exec.CommandContext(ctx, o.goalert, args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("goalert %s: %w: %s", args[0], err, out)
		}
	}
	if err := fillGoAlert(ctx, dsn, services); err != nil {
		return nil, fmt.Errorf("services of GoAlert: %w", err)
	}
	addr, err := measure.FreeAddr()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "goalert.log"))
	if err != nil {
		return nil, err
	}
	p := &goalert{url: "http://" + addr, count: services}
	cmd := exec.CommandContext(ctx, o.goalert, "--listen", addr, "--public-url", p.url, "--db-url", dsn,
		"--data-encryption-key", goalertSecret)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p.Process = &measure.Process{Cmd: cmd, Clean: func() { log.Close() }}
	if err := p.healthy(ctx); err != nil {
		said, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%w; it says: %s", err, said[max(0, len(said)-2000):]), p.Stop())
	}
	return p, nil
}

// ownDatabase makes a database beside the one of a DSN, and returns its DSN as GoAlert reads it, a URL.
func ownDatabase(ctx context.Context, dsn string) (string, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	for _, q := range []string{"DROP DATABASE IF EXISTS " + goalertDatabase, "CREATE DATABASE " + goalertDatabase} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return "", err
		}
	}
	out := url.URL{Scheme: "postgres", Path: "/" + goalertDatabase}
	q := url.Values{}
	for _, word := range strings.Fields(dsn) {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "user":
			out.User = url.User(value)
		case "dbname":
		default:
			q.Set(name, value)
		}
	}
	out.RawQuery = q.Encode()
	return out.String(), nil
}

// fillGoAlert writes what GoAlert's console would: its API wants a signed-in browser for each row.
func fillGoAlert(ctx context.Context, dsn string, services int) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for i := range services {
		if err := fillService(ctx, db, i); err != nil {
			return err
		}
	}
	return nil
}

// goalertID is an id of GoAlert's: of the n-th thing of a kind.
func goalertID(kind, n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", kind, n) }

// goalertTo is the address of a level of a service.
func goalertTo(service, level int) string {
	return fmt.Sprintf("s%d-l%d@goalert.example", service, level)
}

func fillService(ctx context.Context, db *sql.DB, i int) error {
	type row struct {
		query string
		args  []any
	}
	policy, service := goalertID(1, i), goalertID(2, i)
	rows := []row{
		{"INSERT INTO escalation_policies (id, name, repeat) VALUES ($1, $2, 0)",
			[]any{policy, fmt.Sprintf("policy %d", i)}},
	}
	for level := range 2 {
		n := 2*i + level
		user, way, step := goalertID(3, n), goalertID(4, n), goalertID(5, n)
		to := goalertTo(i, level)
		dest := fmt.Sprintf(`{"Type": "builtin-smtp-email", "Args": {"email_address": %q}}`, to)
		rows = append(rows,
			row{"INSERT INTO users (id, name, email, role) VALUES ($1, $2, $3, 'user')", []any{user, to, to}},
			row{"INSERT INTO user_contact_methods (id, user_id, name, type, value, dest, disabled, pending) " +
				"VALUES ($1, $2, 'mail', 'EMAIL', $3, $4::jsonb, false, false)", []any{way, user, to, dest}},
			row{"INSERT INTO user_notification_rules (user_id, contact_method_id, delay_minutes) VALUES ($1, $2, 0)",
				[]any{user, way}},
			row{"INSERT INTO escalation_policy_steps (id, escalation_policy_id, delay) VALUES ($1, $2, 1)",
				[]any{step, policy}},
			row{"INSERT INTO escalation_policy_actions (escalation_policy_step_id, user_id) VALUES ($1, $2)",
				[]any{step, user}})
	}
	rows = append(rows,
		row{"INSERT INTO services (id, name, escalation_policy_id) VALUES ($1, $2, $3)",
			[]any{service, fmt.Sprintf("service %d", i), policy}},
		row{"INSERT INTO integration_keys (id, name, type, service_id) VALUES ($1, 'bench', 'generic', $2)",
			[]any{goalertID(6, i), service}})
	for _, r := range rows {
		if _, err := db.ExecContext(ctx, r.query, r.args...); err != nil {
			return fmt.Errorf("%s: %w", r.query, err)
		}
	}
	return nil
}

// healthy waits until GoAlert's engine has gone round once.
func (p *goalert) healthy(ctx context.Context) error {
	var last error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		last = ok(http.Get(p.url + "/health/engine"))
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("GoAlert did not start: %w", last)
}

// raise has a service raise an alert.
func (p *goalert) raise(service int) error {
	return ok(http.PostForm(p.url+"/api/v2/generic/incoming?token="+goalertID(6, service),
		url.Values{"summary": {fmt.Sprintf("Fire %d", service)}}))
}

// ok is what came of a request of which only the status counts.
func ok(answer *http.Response, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode >= 300 {
		err = cmp.Or(err, fmt.Errorf("%s answers %s", answer.Request.URL.Path, answer.Status))
	}
	return errors.Join(err, answer.Body.Close())
}
