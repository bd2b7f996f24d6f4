package post

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// Bounds of the queue. What waits is on disk.
const (
	atOnce    = 4  // letters of a channel and lane on their way
	mostTurns = 32 // channels that are sent by at a time, for alarms and for the rest each
	stepLimit = 32 // steps begun in one transaction, for which an alarm may have to wait
	fetched   = 64 // letters read at a time; 8 of alarms, so that one that is answered is not sent
	turnLimit = 10 * time.Second
	tick      = 500 * time.Millisecond
	failedFor = time.Second // pause after the registry failed
)

// Options are what a queue is made of.
type Options struct {
	Registry *registry.Registry
	Kinds    []Kind
	BaseURL  string // where people reach the gateway; "": letters have no links of the gateway's own
	Private  bool   // channels may connect to private addresses
	Keep     time.Duration
	Now      func() time.Time
	Logger   *slog.Logger
}

// Queue sends messages to people. Make one with New, and run Run.
type Queue struct {
	o     Options
	view  *registry.View
	kinds map[string]Kind
	log   *slog.Logger
	now   func() time.Time
	kicks map[bool]chan struct{} // by whether it is for alarms; each holds one
	unsub func()

	loading sync.Mutex // held while channels are read; before mu

	mu        sync.Mutex
	lines     map[g.ChannelID]*line
	templates map[string]messages.Template
	stale     bool // channels are to be read again
	early     []early

	reports chan reported // what channels report by themselves
}

// New makes the queue. It follows the registry's changes until Run ends.
func New(o Options) *Queue {
	q := &Queue{
		o:         o,
		view:      o.Registry.In(g.SystemScope("messages")),
		kinds:     map[string]Kind{},
		log:       o.Logger,
		now:       o.Now,
		kicks:     map[bool]chan struct{}{true: make(chan struct{}, 1), false: make(chan struct{}, 1)},
		lines:     map[g.ChannelID]*line{},
		templates: map[string]messages.Template{},
		stale:     true,
		reports:   make(chan reported, reportRoom),
	}
	for _, k := range o.Kinds {
		q.kinds[k.Name] = k
	}
	q.unsub = o.Registry.Subscribe(q.follow)
	return q
}

func (q *Queue) follow(c registry.Change) {
	switch c.Kind {
	case change.Message:
		if c.Touches("stopped") || len(c.Fields) == 0 {
			q.Wake()
		}
	case change.Channel:
		q.mu.Lock()
		q.stale = true
		q.mu.Unlock()
		q.Wake()
	case change.Template, change.School:
		q.mu.Lock()
		clear(q.templates)
		q.mu.Unlock()
	}
}

// Wake makes the queue look what is due. It does not block.
func (q *Queue) Wake() {
	for _, kick := range q.kicks {
		select {
		case kick <- struct{}{}:
		default: // a wake is waiting already
		}
	}
}

// HealthOf is what is known of a channel since the gateway started.
func (q *Queue) HealthOf(id g.ChannelID) messages.ChannelHealth {
	q.mu.Lock()
	l := q.lines[id]
	q.mu.Unlock()
	if l == nil {
		return messages.ChannelHealth{}
	}
	return l.state()
}

// Failing is a channel by which nothing goes out.
type Failing struct {
	Name  string
	Since time.Time // zero: since it was set up
	Why   string
}

// Failing lists the channels whose other side is away, and those that cannot be opened, by name.
func (q *Queue) Failing() (out []Failing) {
	q.mu.Lock()
	lines := slices.Collect(maps.Values(q.lines))
	q.mu.Unlock()
	for _, l := range lines {
		if f, ok := l.failing(); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Failing) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Check refuses settings that a kind of channel cannot be opened with.
func (q *Queue) Check(kind string, values, secrets map[string]string) error {
	k, ok := q.kinds[kind]
	if !ok {
		return g.FieldErrorf("kind", "%q is no kind of channel; use one of %v", kind,
			slices.Sorted(maps.Keys(q.kinds)))
	}
	for name := range values {
		if !k.has(name, false) && name != "per_minute" {
			return g.FieldErrorf("settings."+name, "a channel of the kind %s has no setting %s", kind, name)
		}
	}
	for name := range secrets {
		if !k.has(name, true) {
			return g.FieldErrorf("secrets."+name, "a channel of the kind %s has no secret %s", kind, name)
		}
	}
	for _, f := range k.Fields {
		at, have := "settings.", values
		if f.Secret {
			at, have = "secrets.", secrets
		}
		if f.Needed && have[f.Name] == "" {
			return g.FieldErrorf(at+f.Name, "a channel of the kind %s needs %s", kind, f.Name)
		}
		if v := have[f.Name]; v != "" && len(f.Options) > 0 && !slices.Contains(f.Options, v) {
			return g.FieldErrorf(at+f.Name, "%q is none of %v", v, f.Options)
		}
	}
	_, err := k.Open(Settings{
		Values:  values,
		Secrets: secrets,
		Private: q.o.Private,
	})
	return err
}

// Make fills in what a new channel of a kind makes by itself, such as a key.
func (q *Queue) Make(kind string, values, secrets map[string]string) error {
	if k := q.kinds[kind]; k.Make != nil {
		return k.Make(Settings{
			Values:  values,
			Secrets: secrets,
		})
	}
	return nil
}

func (k Kind) has(name string, secret bool) bool {
	return slices.ContainsFunc(k.Fields, func(f Field) bool {
		return f.Name == name && f.Secret == secret
	})
}

// ChannelKinds lists the kinds of channel, by name.
func (q *Queue) ChannelKinds() []messages.ChannelKind {
	var out []messages.ChannelKind
	for _, name := range slices.Sorted(maps.Keys(q.kinds)) {
		k := q.kinds[name]
		out = append(out, messages.ChannelKind{
			Kind:      k.Name,
			Way:       messages.WayOf(k.Name),
			PerMinute: k.PerMinute,
			Fields:    k.Fields,
		})
	}
	return out
}

// line is a channel as it runs; nil where there is none.
func (q *Queue) line(ctx context.Context, id g.ChannelID) (*line, error) {
	q.loading.Lock()
	defer q.loading.Unlock()
	q.mu.Lock()
	stale, old := q.stale, q.lines
	q.stale = false // before reading: a change while reading sets it again
	q.mu.Unlock()
	if !stale {
		return old[id], nil
	}
	all, err := q.view.Messages.KeyedChannels(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.stale = true
		return nil, err
	}
	lines := map[g.ChannelID]*line{}
	for _, c := range all {
		if before := old[c.ID]; before != nil && before.same(c) {
			lines[c.ID] = before // connections and pace stay
			delete(old, c.ID)
			continue
		}
		lines[c.ID] = newLine(c, q.kinds, q.o.Private, q.reporter(c.ID))
		if before := old[c.ID]; before != nil {
			lines[c.ID].health = before.state()
		}
	}
	for _, gone := range old {
		gone.close()
	}
	q.lines = lines
	return lines[id], nil
}

// template is what a letter says, cached until a template or a school changes.
func (q *Queue) template(ctx context.Context, l messages.Letter) (messages.Template, error) {
	key := fmt.Sprint(
		l.School,
		" ",
		l.Kind,
		" ",
		l.Language,
	)
	q.mu.Lock()
	t, ok := q.templates[key]
	q.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := q.view.Messages.TemplateFor(ctx, l.School, l.Kind, l.Language)
	if err == nil {
		q.mu.Lock()
		q.templates[key] = t
		q.mu.Unlock()
	}
	return t, err
}
