// Package oncall is the API of duty: rotas with their overrides, escalation chains, who is on duty
// when, what an alert's chain did, and the links by which a person takes an alert without signing
// in.
//
// It calls nobody, and it decides neither who is on duty, which package registry/rota does, nor
// what taking an alert means, which is the registry's.
package oncall

import (
	"html/template"
	"time"

	"golang.org/x/time/rate"

	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
)

// area is what the operations use.
type area struct {
	*gate.Gate
	links *Links
	takes *template.Template
	tries *gate.Limiter // of links, by address
}

// Register adds the operations. Without links alerts are taken in the console only.
func Register(r *gate.Gate, links *Links) {
	s := &area{
		Gate:  r,
		links: links,
		tries: gate.NewLimiter(rate.Every(2*time.Second), 20, 10_000),
	}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Calling", "state", gate.WordsOf(oncall.CallStates())...)
		d.OneOf("CallEntry", "what", gate.WordsOf(oncall.CallWhats())...)
		d.OneOf("Lack", "what", gate.WordsOf(oncall.LackWhats())...)
		d.Items("EscalationStepInput", "channels", gate.MaxWord)
		turns := d.Field("RotaLineInput", "turns")
		turns.Items.MaxItems = new(rota.MaxTogether)
		turns.PrecomputeMessages()
	})
	s.registerRotas()
	s.registerOverrides()
	s.registerChains()
	s.registerDuty()
	s.registerCalls()
	if links != nil {
		s.registerTake()
	}
}
