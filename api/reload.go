package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Reload is the report of reading the configuration, the rules and the certificates again.
type Reload struct {
	Applied bool           `json:"applied" doc:"Whether the changes that need no restart hold now; false for a preview."`
	Changes []ReloadChange `json:"changes" nullable:"false" doc:"What is otherwise in the files; empty where nothing is."`
	Drivers []ReloadDriver `json:"drivers,omitempty" doc:"Drivers that this reload started and that do not run, as far as it is known after five seconds: whether a driver takes its settings shows when it runs."`
}

// NoteReload records a reload and what it changes, before it is applied.
type NoteReload = func(context.Context, []g.AuditChange) error

// ReloadDriver is a driver that the reload started and that does not run.
type ReloadDriver struct {
	Name   g.DriverName `json:"name"`
	State  string       `json:"state" doc:"As in the list of drivers: refused, backoff or quarantined."`
	Reason string       `json:"reason" doc:"Why, for people."`
}

// ReloadChange is one key that differs.
type ReloadChange struct {
	Key     string `json:"key" doc:"The configuration's key, such as log.level or drivers.modbus.sha256; rules.ID and procedures.ID for those; http.tls.certificate for a certificate that was renewed under the same name."`
	From    string `json:"from,omitempty" doc:"What holds now; absent for what is new. A value that may be secret is shown as an ellipsis."`
	To      string `json:"to,omitempty" doc:"What the files say; absent for what is gone."`
	Restart bool   `json:"restart" doc:"It is not taken over by a reload: it waits for a restart of the gateway."`
}

type reloadInput struct {
	DryRun bool `query:"dry_run" doc:"Only say what would change."`
}

func (s *Server) registerReload() {
	gate.Handle(s.front, gate.Endpoint{
		Method:      "POST",
		Path:        "/v1/reload",
		ID:          "reload",
		Tag:         "Gateway",
		Perm:        g.SettingsWrite,
		Unavailable: true,
		Summary:     "Read configuration, rules and certificates anew",
		Doc: "Rules, procedures, drivers, certificates, limits and the log's level take effect " +
			"without a restart, all or nothing: " +
			"a mistake in a file changes nothing, and the answer says where it is and what mends " +
			"it. Devices and browsers stay connected; " +
			"a driver whose entry changed is started anew. It touches every school of the " +
			"gateway, so with several schools only the " +
			"administrator of the top one may.",
	}, func(ctx context.Context, in *reloadInput) (*gate.Body[Reload], error) {
		if s.deps.Reload == nil {
			return nil, gate.Missing("reload")
		}
		if err := s.front.EverySchool(ctx); err != nil {
			return nil, err
		}
		out, err := s.deps.Reload(ctx, in.DryRun, s.front.View(ctx).Deeds.RecordReload)
		out.Changes = gate.Some(out.Changes)
		return gate.Answer(out, err)
	})
}
