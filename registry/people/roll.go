package people

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// personBody is the personal part of a person, encrypted under the person's own key.
type personBody struct {
	Name     string            `json:"name"`
	Number   string            `json:"number,omitempty"`
	Boarder  bool              `json:"boarder,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Guardian []g.PersonID      `json:"guardians,omitempty"`
	Created  int64             `json:"created"`
	Imported map[string]string `json:"imported,omitempty"` // values of the last import, by column
	Was      []Membership      `json:"was,omitempty"`      // oldest first
}

// Keyed is a person as stored.
type Keyed struct {
	g.Person
	imported map[string]string
	was      []Membership
	Key      []byte // wrapped
}

const personColumns = "id, school, kind, class, key_sealed, body_sealed, left_at"

func (r *Book) scanPerson(scan func(...any) error) (p Keyed, err error) {
	var sealed []byte
	var left int64
	if err := scan(
		&p.ID,
		&p.School,
		&p.Kind,
		&p.Class,
		&p.Key,
		&sealed,
		&left,
	); err != nil {
		return p, err
	}
	plain, err := UnsealPersonal(r, p, sealed, "person")
	if err != nil {
		return p, err
	}
	var b personBody
	if err := json.Unmarshal(plain, &b); err != nil {
		return p, fmt.Errorf("read person %s: %w", p.ID, err)
	}
	p.Name = b.Name
	p.Number = b.Number
	p.Boarder = b.Boarder
	p.Phone = b.Phone
	p.Guardian = b.Guardian
	p.Created = store.Moment(b.Created)
	p.imported = b.Imported
	p.was = b.Was
	p.Left = store.Moment(left)
	return p, nil
}

// sealPerson encrypts a person's body under the person's key, and hashes the number.
func (r *Book) sealPerson(keys *store.SchoolKeys, p Keyed) (sealed, mac []byte, err error) {
	if p.Number != "" {
		mac = keys.Mac("number", p.Number)
	}
	body, err := json.Marshal(personBody{
		Name:     p.Name,
		Number:   p.Number,
		Boarder:  p.Boarder,
		Phone:    p.Phone,
		Guardian: p.Guardian,
		Created:  store.Micros(p.Created),
		Imported: p.imported,
		Was:      p.was,
	})
	if err != nil {
		return nil, nil, err
	}
	sealed, err = SealPersonal(r, p, body, "person")
	return sealed, mac, err
}

// SealPersonal encrypts data of a person under the person's key; what binds it to its place.
func SealPersonal(r *Book, p Keyed, plain []byte, what string) ([]byte, error) {
	a, err := r.s.Vault.Personal(p.ID, p.Key)
	if err != nil {
		return nil, err
	}
	return store.Seal(a, plain, what+" "+string(p.ID)), nil
}

func UnsealPersonal(r *Book, p Keyed, sealed []byte, what string) ([]byte, error) {
	a, err := r.s.Vault.Personal(p.ID, p.Key)
	if err != nil {
		return nil, err
	}
	return store.Unseal(a, sealed, what+" "+string(p.ID))
}

// roll is a school's people, decrypted, by class, number and name.
type roll struct {
	rev    int64
	People []Keyed
	at     map[string]int
	order  []string // IDs of the people, in order
	token  string   // hash of order

	mu     sync.Mutex
	orders map[store.Sort][]string // further sort orders, computed when first needed
}

// Some are the people with these IDs, or all if ids is empty. Who is not in the school is left out.
func (l *roll) Some(ids []g.PersonID) []Keyed {
	if len(ids) == 0 {
		return l.People
	}
	var out []Keyed
	for _, id := range ids {
		if i, ok := l.at[string(id)]; ok {
			out = append(out, l.People[i])
		}
	}
	return out
}

// sorted returns the IDs of the people in a sort order, and the order's token.
func (l *roll) sorted(by store.Sort) (token string, order []string, err error) {
	field, falling := by.Field()
	var name func(Keyed) string
	switch field {
	case "", "class":
		if !falling {
			return l.token, l.order, nil
		}
	case "name":
		name = func(p Keyed) string { return p.Name }
	case "number":
		name = func(p Keyed) string { return p.Number }
	default:
		return "", nil, g.FieldErrorf("sort", "people are sorted by class, name or number")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	order, ok := l.orders[by]
	if !ok {
		people := slices.Clone(l.People)
		if name != nil {
			store.SortByName(people, name)
		}
		if falling {
			slices.Reverse(people)
		}
		for _, p := range people {
			order = append(order, string(p.ID))
		}
		if l.orders == nil {
			l.orders = map[store.Sort][]string{}
		}
		l.orders[by] = order
	}
	return store.OrderToken(order), order, nil
}

// rollCache is an LRU cache of rolls, limited to maxRollPeople people in total. A roll is valid
// while the school's people_rev is unchanged.
type rollCache struct {
	mu    sync.Mutex
	rolls map[g.SchoolID]*roll
	used  []g.SchoolID // least recently used first
	size  int
}

const maxRollPeople = 100_000

func (c *rollCache) get(id g.SchoolID, rev int64) *roll {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.rolls[id]
	if l == nil || l.rev != rev {
		return nil
	}
	c.used = append(slices.DeleteFunc(c.used, func(x g.SchoolID) bool { return x == id }), id)
	return l
}

func (c *rollCache) put(id g.SchoolID, l *roll) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(id)
	if c.rolls == nil {
		c.rolls = map[g.SchoolID]*roll{}
	}
	for len(c.used) > 0 && c.size+len(l.People) > maxRollPeople {
		c.remove(c.used[0])
	}
	c.rolls[id] = l
	c.used = append(c.used, id)
	c.size += len(l.People)
}

func (c *rollCache) forget(id g.SchoolID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(id)
}

func (c *rollCache) remove(id g.SchoolID) {
	if l := c.rolls[id]; l != nil {
		c.size -= len(l.People)
		delete(c.rolls, id)
		c.used = slices.DeleteFunc(c.used, func(x g.SchoolID) bool { return x == id })
	}
}

// RollOf is the school's roll, read again if anybody in it has changed.
func RollOf(ctx context.Context, r *Book, school g.SchoolID) (*roll, error) {
	rev, err := places.PeopleRevision(ctx, r.s.Reg, school)
	if err != nil {
		return nil, err
	}
	if l := r.rolls.get(school, rev); l != nil {
		return l, nil
	}
	l, err := r.readRoll(ctx, r.s.Reg, school)
	if err != nil {
		return nil, err
	}
	l.rev = rev // the rows may be newer, which only costs another read
	r.rolls.put(school, l)
	return l, nil
}

func (r *Book) readRoll(ctx context.Context, c store.Conn, school g.SchoolID) (*roll, error) {
	l := &roll{at: map[string]int{}}
	err := store.Each(ctx, c, "SELECT "+personColumns+" FROM persons WHERE school = ?",
		[]any{string(school)}, func(scan func(...any) error) error {
			p, err := r.scanPerson(scan)
			l.People = append(l.People, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the school's people: %w", err)
	}
	slices.SortFunc(l.People, func(a, b Keyed) int {
		return cmp.Or(g.CompareNatural(a.Class, b.Class), g.CompareNatural(a.Number, b.Number),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	l.order = make([]string, len(l.People))
	for i, p := range l.People {
		l.order[i] = string(p.ID)
		l.at[l.order[i]] = i
	}
	l.token = store.OrderToken(l.order)
	return l, nil
}
