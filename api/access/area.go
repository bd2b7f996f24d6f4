// Package access is the API of who may sign in: first run, sign-in, second factors, passkeys,
// users, keys, and the audit log of what they did.
//
// It never compares a secret itself: the registry does, and counts wrong attempts.
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
	Address string // base URL, to which passkeys are bound
	Secure  bool   // served over TLS: cookies are marked Secure
	Demo    bool
	Version string
}

// area is what the operations use.
type area struct {
	*gate.Gate
	reg   *registry.Registry
	facts Facts
	party *access.RelyingParty // of passkeys

	pairings pairings // of screens
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
	s.registerScreens()
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
