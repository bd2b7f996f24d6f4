// Package access is what the API offers of who may come in: first run, sign-in, second factors,
// passkeys, users, keys, and the audit log of what they did.
//
// It refuses to compare a secret itself: the registry does, and counts wrong tries.
package access

import (
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

// Facts are what a caller is told of the gateway.
type Facts struct {
	Address string // how people reach it: where passkeys work
	Secure  bool   // people come over TLS: cookies go over it alone
	Demo    bool
	Version string
}

// area is what the operations use.
type area struct {
	*gate.Gate
	reg   *registry.Registry
	facts Facts
	party *access.RelyingParty // of passkeys
}

// Register adds the operations.
func Register(r *gate.Gate, reg *registry.Registry, f Facts) {
	s := &area{
		Gate:  r,
		reg:   reg,
		facts: f,
		party: access.NewRelyingParty(f.Address),
	}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.Items("PasskeyAnswerResponse", "transports", gate.MaxWord)
	})
	s.registerSetUp()
	s.registerSession()
	s.registerSecondFactor()
	s.registerPasskeys()
	s.registerKeys()
	s.registerUsers()
	s.registerAudit()
}

const minPassword = 10 // characters

func checkPassword(p string) error {
	if utf8.RuneCountInString(p) < minPassword {
		return g.FieldErrorf("password",
			"use at least %d characters; a few words in a row are easy to remember",
			minPassword).Because("password_short")
	}
	return nil
}
