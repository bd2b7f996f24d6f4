package gatehouse

import "time"

// Person is a student, a member of staff, a guardian or a visitor. Everything but ID,
// School, Kind and Class is personal and encrypted at rest under the person's own key.
type Person struct {
	ID     PersonID   `json:"id"`
	School SchoolID   `json:"school"`
	Kind   PersonKind `json:"kind"`
	Name   string     `json:"name"`
	// the school's own number for the person, unique in the school
	Number   string     `json:"number,omitempty"`
	Class    string     `json:"class,omitempty"` // students: class or form, e.g. "7-2"
	Boarder  bool       `json:"boarder,omitempty"`
	Phone    string     `json:"phone,omitempty"`
	Guardian []PersonID `json:"guardians,omitempty"`
	Created  time.Time  `json:"created"`
	// when the person left the school: no longer expected anywhere, nor recognised
	Left time.Time `json:"left,omitzero"`
}

// PersonKind says who a person is to the school.
type PersonKind string

// The kinds of person.
const (
	Student  PersonKind = "student"
	Staff    PersonKind = "staff"
	Guardian PersonKind = "guardian"
	Visitor  PersonKind = "visitor"
)

// PersonKinds lists every kind.
func PersonKinds() []PersonKind { return []PersonKind{Student, Staff, Guardian, Visitor} }

// Consent records that a person, or a guardian for a child, allowed or withdrew the use of
// the person's face. The newest record counts; without one there is no consent.
type Consent struct {
	Person PersonID  `json:"person"`
	Given  bool      `json:"given"`
	By     string    `json:"by"`   // who decided: a guardian's name, "self"
	Note   string    `json:"note"` // how: paper form, date
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"` // who recorded it
}

// Pass is something that a person is recognised by.
type Pass struct {
	ID     PassID   `json:"id"`
	Person PersonID `json:"person"`
	Method Method   `json:"method"` // face, card, qr, pin, plate
	// a PIN that is accepted like any other, and tells that its holder is made to use it
	Duress bool `json:"duress,omitempty"`
	// for people: the last 4 characters of a card number
	Masked  string    `json:"masked,omitempty"`
	Created time.Time `json:"created"`
	Starts  time.Time `json:"starts,omitzero"` // a permit's first moment; zero: at once
	Expires time.Time `json:"expires,omitzero"`
	Quality float64   `json:"quality,omitempty"` // of the photograph, 0…1
	Model   string    `json:"model,omitempty"`   // the embedding model of a face template
}
