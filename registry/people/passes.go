package people

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const maxFaces = 5 // per person

// normal normalises a card number, QR text or PIN: outer spaces are removed and, for cards,
// separators, and letters become upper case; plates as NormalPlate says.
func normal(method g.Method, s string) string {
	s = strings.TrimSpace(s)
	if method == g.ByPlate {
		return g.NormalPlate(s)
	}
	if method == g.ByCard {
		s = strings.ToUpper(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(s))
	}
	return s
}

// masked is the last 4 characters of a card or QR text, if that leaves at least 4 hidden.
func masked(method g.Method, s string) string {
	r := []rune(s)
	if method == g.ByPIN || len(r) < 8 && method != g.ByPlate || len(r) < 6 {
		return "" // of a plate, which everybody sees on the street, fewer are hidden
	}
	return string(r[len(r)-4:])
}

// AddCard gives a person a card, QR text or PIN. It is stored as a keyed hash and, for display, its
// last 4 characters. It is a Conflict if somebody in the school has it; a zero expires means never.
func (v View) AddCard(
	ctx context.Context, person g.PersonID, method g.Method, credential string, expires time.Time,
) (g.Pass, error) {
	return v.addPass(
		ctx,
		person,
		method,
		credential,
		time.Time{},
		expires,
		false,
	)
}

// AddPermit is AddCard for a pass that lets nobody in before a time, such as a car's permit; a zero
// starts means at once.
func (v View) AddPermit(
	ctx context.Context, person g.PersonID, method g.Method, credential string, starts, expires time.Time,
) (g.Pass, error) {
	if !expires.IsZero() && !starts.Before(expires) {
		return g.Pass{}, g.FieldErrorf("expires", "it ends before it begins: give a later time")
	}
	return v.addPass(
		ctx,
		person,
		method,
		credential,
		starts,
		expires,
		false,
	)
}

// AddDuress gives a person a PIN that is accepted like any other and raises a silent alarm: nobody
// at the door learns of it. It is stored as AddCard stores a PIN.
func (v View) AddDuress(
	ctx context.Context, person g.PersonID, pin string, expires time.Time,
) (g.Pass, error) {
	return v.addPass(
		ctx,
		person,
		g.ByPIN,
		pin,
		time.Time{},
		expires,
		true,
	)
}

func (v View) addPass(
	ctx context.Context, person g.PersonID, method g.Method, credential string, starts, expires time.Time,
	duress bool,
) (g.Pass, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return g.Pass{}, err
	}
	if method != g.ByCard && method != g.ByQR && method != g.ByPIN && method != g.ByPlate {
		return g.Pass{}, g.FieldErrorf("method", "%q cannot be added here; use card, qr, pin or plate",
			method)
	}
	if err := checkCredential(method, credential); err != nil {
		return g.Pass{}, err
	}
	var pass g.Pass
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := Person(ctx, v.r, t, in, person)
		if err != nil {
			return err
		}
		if pass, err = v.r.addCard(
			ctx,
			t,
			p,
			method,
			credential,
			expires,
		); err != nil {
			return err
		}
		if err := begin(ctx, t, &pass, starts); err != nil {
			return err
		}
		if duress {
			_, err := t.Exec(ctx, "UPDATE passes SET duress = 1 WHERE id = ?", string(pass.ID))
			if err != nil {
				return fmt.Errorf("write pass: %w", err)
			}
			pass.Duress = true
		}
		t.Change(change.Pass, p.School, string(p.ID))
		return v.s.Audit(
			ctx,
			t,
			p.School,
			"pass.add",
			string(p.ID)+" "+string(pass.ID),
		)
	})
	if err != nil {
		return g.Pass{}, err
	}
	return pass, nil
}

// begin has a pass let nobody in before a time.
func begin(ctx context.Context, t *store.Tx, p *g.Pass, starts time.Time) error {
	if starts.IsZero() {
		return nil
	}
	p.Starts = store.Moment(store.Micros(starts))
	if _, err := t.Exec(ctx, "UPDATE passes SET starts = ? WHERE id = ?", store.Micros(starts),
		string(p.ID)); err != nil {
		return fmt.Errorf("write pass: %w", err)
	}
	return nil
}

func checkCredential(method g.Method, credential string) error {
	s := normal(method, credential)
	if n := utf8.RuneCountInString(s); method == g.ByPlate && (n < 3 || n > g.MaxPlate) {
		return g.FieldErrorf("credential", "%q is no number plate: write its letters and digits, such as 京A12345",
			credential)
	} else if method == g.ByPlate {
		return nil
	}
	if n := utf8.RuneCountInString(s); n < 4 || n > store.MaxCredential {
		return g.FieldErrorf("credential", "it has %d characters: give 4 to %d", n,
			store.MaxCredential)
	}
	return store.Optional("credential", s, store.MaxCredential)
}

func (r *Book) addCard(
	ctx context.Context, t *store.Tx, p Keyed, method g.Method, credential string, expires time.Time,
) (g.Pass, error) {
	credential = normal(method, credential)
	keys, err := r.s.Vault.School(ctx, t, p.School)
	if err != nil {
		return g.Pass{}, err
	}
	mac := keys.Mac(string(method), credential)
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM passes WHERE school = ? AND mac = ?",
		string(p.School), mac).Scan(&n); err != nil {
		return g.Pass{}, fmt.Errorf("read passes: %w", err)
	}
	if n > 0 {
		return g.Pass{}, g.Errorf(g.Conflict, "somebody of the school has this %s already",
			g.Noun(string(method))).At("credential")
	}
	pass := g.Pass{
		ID:      g.PassID(g.NewID("pas")),
		Person:  p.ID,
		Method:  method,
		Masked:  masked(method, credential),
		Created: store.Moment(store.Micros(t.Now)),
		Expires: store.Moment(store.Micros(expires)),
	}
	sealed, err := SealPersonal(r, p, []byte(pass.Masked), "pass "+string(pass.ID))
	if err != nil {
		return g.Pass{}, err
	}
	if err := savePass(
		ctx,
		t,
		p.School,
		pass,
		mac,
		sealed,
	); err != nil {
		return g.Pass{}, err
	}
	return pass, nil
}

func savePass(
	ctx context.Context, t *store.Tx, school g.SchoolID, p g.Pass, mac, sealed []byte,
) error {
	_, err := t.Exec(ctx,
		"INSERT INTO passes (id, person, school, method, mac, created, expires, quality, model, "+
			"body_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(p.ID), string(p.Person), string(school), string(p.Method), mac,
		store.Micros(p.Created), store.Micros(p.Expires), p.Quality, p.Model, sealed)
	if err != nil {
		return fmt.Errorf("write pass: %w", err)
	}
	return nil
}

// AddFace enrols a face template. It is encrypted under the school's key and scaled to unit length;
// at most maxFaces per person. Without consent it is refused.
func (v View) AddFace(
	ctx context.Context, person g.PersonID, embedding []float32, model string, quality float64,
) (g.Pass, error) {
	_, pass, err := v.Enrol(ctx, Enrolment{
		Person:    person,
		Embedding: embedding,
		Model:     model,
		Quality:   quality,
	})
	return pass, err
}

// packFace scales an embedding to unit length and encodes it.
func packFace(e []float32) ([]byte, error) {
	if len(e) == 0 || len(e) > g.MaxEmbedding {
		return nil, g.FieldErrorf("embedding", "%d numbers: give 1 to %d", len(e), g.MaxEmbedding)
	}
	sum := 0.0
	for _, x := range e {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, g.FieldErrorf("embedding", "it has no length: the face was not read")
	}
	b := make([]byte, 0, 4*len(e))
	for _, x := range e {
		b = binary.LittleEndian.AppendUint32(b,
			math.Float32bits(float32(float64(x)/math.Sqrt(sum))))
	}
	return b, nil
}

func unpackFace(b []byte) []float32 {
	e := make([]float32, len(b)/4)
	for i := range e {
		e[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return e
}

// DeletePass deletes a pass. It requires people:write or faces:admin.
func (v View) DeletePass(ctx context.Context, id g.PassID) error {
	in, err := v.reachPasses(ctx)
	if err != nil {
		return err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		var school g.SchoolID
		var person string
		var m g.Method
		if err := t.Row(ctx, "SELECT school, person, method FROM passes WHERE id = ?", string(id)).Scan(
			&school, &person, &m); err != nil {
			return store.Missing(err, "pass", string(id))
		}
		if err := in.Owns(school, "pass", string(id)); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM passes WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete pass: %w", err)
		}
		kind := change.Pass
		if m == g.ByFace {
			kind = change.Face
		}
		t.Change(kind, school, person)
		return v.s.Audit(
			ctx,
			t,
			school,
			"pass.delete",
			person+" "+string(id),
		)
	})
	if err == nil {
		v.s.Forget(ctx)
	}
	return err
}

func (r *Book) passes(ctx context.Context, c store.Conn, p Keyed) ([]g.Pass, error) {
	out := []g.Pass{}
	err := store.Each(ctx, c,
		"SELECT id, method, created, starts, expires, quality, model, duress, body_sealed FROM passes WHERE "+
			"person = ? ORDER BY created, id",
		[]any{string(p.ID)}, func(scan func(...any) error) error {
			x := g.Pass{Person: p.ID}
			var created, starts, expires int64
			var duress int
			var sealed []byte
			if err := scan(
				&x.ID,
				&x.Method,
				&created,
				&starts,
				&expires,
				&x.Quality,
				&x.Model,
				&duress,
				&sealed,
			); err != nil {
				return err
			}
			x.Duress = duress != 0
			x.Created, x.Starts, x.Expires = store.Moment(created), store.Moment(starts), store.Moment(expires)
			if x.Method != g.ByFace {
				plain, err := UnsealPersonal(r, p, sealed, "pass "+string(x.ID))
				if err != nil {
					return err
				}
				x.Masked = string(plain)
			}
			out = append(out, x)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read passes: %w", err)
	}
	return out, nil
}

// ByCredential returns the owner of a credential; only for system scopes. A face terminal sends the
// user number that it matched, which is the person's number, and only counts if the person has
// consented to the use of the face. Expired passes have no owner.
func (v View) ByCredential(
	ctx context.Context, school g.SchoolID, method g.Method, credential string,
) (g.PersonID, bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", false, err
	}
	if method == g.ByFace {
		id, ok, err := v.ByNumber(ctx, school, credential)
		if err == nil && ok {
			ok, err = consented(ctx, v.s.Reg, id)
		}
		if err != nil || !ok {
			return "", false, err
		}
		return id, true, nil
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return "", false, err
	}
	var id g.PersonID
	credential = normal(method, credential)
	err = v.s.Reg.Row(ctx,
		"SELECT person FROM passes f JOIN persons p ON p.id = f.person WHERE f.school = ? AND "+
			"f.mac = ? AND (f.expires = 0 OR f.expires > ?) AND f.starts <= ? AND p.left_at = 0",
		string(school), keys.Mac(string(method), credential), store.Micros(v.s.Now()),
		store.Micros(v.s.Now())).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || credential == "" {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look up credential: %w", err)
	}
	return id, true, nil
}

// ByNumber returns the person with a number; only for system scopes. A terminal with its own list
// of users sends the number of the user who presented a card or typed a PIN.
func (v View) ByNumber(
	ctx context.Context, school g.SchoolID, number string,
) (g.PersonID, bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", false, err
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return "", false, err
	}
	var id g.PersonID
	number = normal(g.ByFace, number)
	err = v.s.Reg.Row(ctx,
		"SELECT id FROM persons WHERE school = ? AND number_mac = ? AND left_at = 0",
		string(school), keys.Mac("number", number)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || number == "" {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look up number: %w", err)
	}
	return id, true, nil
}

// Templates are the face templates of the school's people who have consented; only for system
// scopes.
func (v View) Templates(ctx context.Context, school g.SchoolID) ([]Template, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	out := []Template{}
	q := "SELECT f.id, f.person, f.model, f.body_sealed FROM passes f JOIN persons p ON p.id = " +
		"f.person JOIN consents c ON c.person = f.person WHERE p.left_at = 0 AND f.school = ? " +
		"AND f.method = ? AND (f.expires = 0 OR f.expires > ?) AND c.given = 1 AND c.id = " +
		NewestConsent + " ORDER BY f.id"
	err = store.Each(ctx, v.s.Reg, q,
		[]any{string(school), string(g.ByFace), store.Micros(v.s.Now())},
		func(scan func(...any) error) error {
			var x Template
			var sealed []byte
			if err := scan(&x.Pass, &x.Person, &x.Model, &sealed); err != nil {
				return err
			}
			plain, err := store.Unseal(keys.Template, sealed, "face "+string(x.Pass))
			x.Embedding = unpackFace(plain)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read face templates: %w", err)
	}
	return out, v.r.alike(ctx, school, out)
}
