package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const (
	tills      = 4
	diners     = 40
	tillSecret = "a-secret-of-this-till"
)

// tillDeed is what a till did about one person's meal: it asked, or it told what it had given.
type tillDeed struct {
	person int
	served bool
}

// onceEach is one meal of each person by itself: the state says whether it was given.
var onceEach = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := make([][]porcupine.Operation, diners)
		for _, o := range history {
			p := o.Input.(tillDeed).person
			by[p] = append(by[p], o)
		}
		return by
	},
	Init: func() any { return false },
	Step: func(state, in, out any) (bool, any) {
		eaten, first := state.(bool), out.(bool)
		return first == !eaten, true // whoever is first gives it or has given it; any other is not
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> first %t", in, out) },
}

// TestMealsAreLinearizable: four tills ask for the same people through the real driver while the
// gateway is killed twice. A till that has no answer asks again, or gives the meal and tells it until
// it is taken. All of it is as if the meals had been given one by one, each person's once.
func TestMealsAreLinearizable(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a driver, starts and kills processes; not with -short")
	}
	t.Parallel()
	s := newSchool(t)
	openCanteen(t, s)
	p := plan{
		Dir:     s.dir,
		Counter: builtDriver(t, "counter"),
		Listen:  freePort(t),
	}
	gw := s.start(t, p)
	var done atomic.Int64
	var all sync.WaitGroup
	histories := make([][]porcupine.Operation, tills)
	for i := range tills {
		all.Go(func() {
			histories[i] = serveAll(t, i, "http://"+p.Listen, &done)
		})
	}
	for kill := range 2 {
		eventually(t, "tills to ask", func() bool {
			return done.Load() > int64((kill+1)*tills*diners/3)
		})
		if err := gw.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		gw.killed(t)
		gw = s.start(t, p)
	}
	all.Wait()
	var history []porcupine.Operation
	for _, h := range histories {
		history = append(history, h...)
	}
	if len(history) != tills*diners {
		t.Fatalf("%d meals were answered, want %d", len(history), tills*diners)
	}
	if !porcupine.CheckOperations(onceEach, history) {
		t.Errorf("two tills were each the first for one person: %v", history)
	}
	// The control: with one answer turned round, the check has to find it.
	history[0].Output = !history[0].Output.(bool)
	if porcupine.CheckOperations(onceEach, history) {
		t.Error("the check finds nothing in a history that cannot be")
	}
	gw.stop(t)
}

// openCanteen registers people with cards, four tills and a lunch that is being served.
func openCanteen(t *testing.T, s *school) {
	t.Helper()
	a, err := open(t.Context(), configOf(s.dir),
		app.Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	ok(t, err)
	defer func() { ok(t, a.Close()) }()
	v := a.Registry().In(g.SystemScope("test"))
	ok(t, setTable(t.Context(), v))
}

func setTable(ctx context.Context, v *registry.View) error {
	text, err := os.ReadFile(filepath.Join("..", "..", "drivers", "counter", "profile.yaml"))
	if err != nil {
		return err
	}
	profile, err := fleet.ParseProfile("profile", text)
	if err != nil {
		return err
	}
	if err := v.Fleet.PutProfile(ctx, profile); err != nil {
		return err
	}
	for i := range tills {
		if _, _, err := v.Fleet.CreateDevice(ctx, g.Device{
			ID:      g.DeviceID(fmt.Sprintf("till-%d", i)),
			School:  killSchool,
			Zone:    "zone",
			Driver:  "counter",
			Profile: profile.ID,
			Name:    "Till",
			Serial:  fmt.Sprintf("T%d", i),
			Enabled: true,
		}, map[string]string{"secret": tillSecret}); err != nil {
			return err
		}
	}
	for i := range diners {
		p, err := v.People.Create(ctx, g.Person{School: killSchool, Kind: g.Student, Name: fmt.Sprintf("Li %d", i)})
		if err != nil {
			return err
		}
		if _, err := v.People.AddCard(ctx, p.ID, g.ByCard, fmt.Sprintf("000471%04d", i), time.Time{}); err != nil {
			return err
		}
	}
	now := time.Now()
	_, err = v.Sessions.Put(ctx, g.Session{
		School: killSchool,
		Kind:   g.SessionMeal,
		Name:   "Lunch",
		Start:  now.Add(-time.Hour),
		Due:    now,
		End:    now.Add(time.Hour),
		Who:    []g.PersonKind{g.Student},
	})
	return err
}

// serveAll is one till: it asks for everybody in an order of its own.
func serveAll(t *testing.T, till int, base string, done *atomic.Int64) (history []porcupine.Operation) {
	rnd := rand.New(rand.NewPCG(uint64(till), 11))
	for n, person := range rnd.Perm(diners) {
		in := tillDeed{person: person}
		q := map[string]any{
			"sequence":   n + 1,
			"time":       time.Now().Format(time.RFC3339Nano),
			"method":     "card",
			"credential": fmt.Sprintf("000471%04d", person),
		}
		call := time.Now().UnixNano()
		over := time.After(patience)
		for {
			out, err := askTill(t.Context(), till, base, q)
			if err == nil && out.Answered {
				first := out.Allow && (!in.served || out.Reason == nil)
				history = append(history, porcupine.Operation{
					ClientId: till,
					Input:    in,
					Call:     call,
					Output:   first,
					Return:   time.Now().UnixNano(),
				})
				done.Add(1)
				break
			}
			if person%2 == 0 { // every other one is given without an answer, and told
				in.served, q["served"] = true, true
			}
			pause := time.NewTimer(10 * time.Millisecond)
			select {
			case <-pause.C:
				continue
			case <-over:
				t.Errorf("till %d was not answered for %s: %v", till, patience, err)
			case <-t.Context().Done():
			}
			return history
		}
	}
	return history
}

// tillAnswer is what a till is told.
type tillAnswer struct {
	Answered, Allow bool
	Reason          *struct{ Code string }
}

func askTill(ctx context.Context, till int, base string, q map[string]any) (out tillAnswer, err error) {
	b, err := json.Marshal(q)
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", base+"/v1/ask", strings.NewReader(string(b)))
	if err != nil {
		return out, err
	}
	req.SetBasicAuth(fmt.Sprintf("T%d", till), tillSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return out, fmt.Errorf("got %s", resp.Status)
	}
	return out, json.NewDecoder(resp.Body).Decode(&out)
}
