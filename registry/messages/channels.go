package messages

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Channel is a way by which a school sends: a mail server, an SMS gateway, a group's robot. What its
// settings mean is known to the package of its kind; secrets are kept sealed and never shown.
type Channel struct {
	ID       g.ChannelID       `json:"id"`
	School   g.SchoolID        `json:"school"`
	Kind     string            `json:"kind"`
	Way      Way               `json:"way"`
	Name     string            `json:"name"`
	Settings map[string]string `json:"settings" nullable:"false"`
	Secrets  []string          `json:"secrets" nullable:"false"` // names of those that are set
	Disabled bool              `json:"disabled"`
	Created  time.Time         `json:"created"`
}

// Keyed is a channel with its secrets, for the queue.
type Keyed struct {
	Channel
	Secret map[string]string
}

// kinds are the kinds of channel with the way that each goes.
func kinds() map[string]Way {
	return map[string]Way{
		"smtp":     Email,
		"sms":      SMS,
		"smpp":     SMS,
		"webpush":  Push,
		"voice":    Voice,
		"dingtalk": Chat,
		"wecom":    Chat,
		"feishu":   Chat,
		"http":     Chat,
	}
}

// ChannelKinds lists the kinds of channel.
func ChannelKinds() []string { return slices.Sorted(maps.Keys(kinds())) }

// WayOf is the way that a kind of channel goes; "" for an unknown kind.
func WayOf(kind string) Way { return kinds()[kind] }

const channelColumns = "id, school, kind, name, settings, secret_sealed, disabled, created"

func (r *Book) scanChannel(scan func(...any) error) (c Keyed, err error) {
	var settings, sealed []byte
	var created int64
	if err := scan(
		&c.ID,
		&c.School,
		&c.Kind,
		&c.Name,
		&settings,
		&sealed,
		&c.Disabled,
		&created,
	); err != nil {
		return c, err
	}
	c.Created, c.Way = store.Moment(created), WayOf(c.Kind)
	c.Settings, c.Secret = map[string]string{}, map[string]string{}
	if err := store.FromJSON(settings, &c.Settings); err != nil {
		return c, err
	}
	if len(sealed) > 0 {
		plain, err := store.Unseal(r.s.Vault.Data, sealed, "channel "+string(c.ID))
		if err != nil {
			return c, err
		}
		if err := json.Unmarshal(plain, &c.Secret); err != nil {
			return c, fmt.Errorf("read channel %s: %w", c.ID, err)
		}
	}
	c.Secrets = slices.Sorted(maps.Keys(c.Secret))
	if c.Secrets == nil {
		c.Secrets = []string{}
	}
	return c, nil
}

// Channels lists the channels of the school, or of all schools in scope, oldest first.
func (v View) Channels(ctx context.Context, school g.SchoolID) ([]Channel, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	keyed, err := v.r.channels(ctx, v.s.Reg, w)
	out := make([]Channel, len(keyed))
	for i := range keyed {
		out[i] = keyed[i].Channel
	}
	return out, err
}

// Channel returns one channel.
func (v View) Channel(ctx context.Context, id g.ChannelID) (Channel, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return Channel{}, err
	}
	c, err := v.r.scanChannel(
		v.s.Reg.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", string(id)).Scan)
	if err != nil {
		return Channel{}, store.Missing(err, "channel", string(id))
	}
	return c.Channel, in.Owns(c.School, "channel", string(id))
}

// KeyedChannels lists all channels with their secrets; only for system scopes.
func (v View) KeyedChannels(ctx context.Context) ([]Keyed, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	return v.r.channels(ctx, v.s.Reg, store.Where{})
}

func (r *Book) channels(ctx context.Context, c store.Conn, w store.Where) ([]Keyed, error) {
	out := []Keyed{}
	err := store.Each(ctx, c,
		"SELECT "+channelColumns+" FROM channels"+w.String()+" ORDER BY created, id", w.Args,
		func(scan func(...any) error) error {
			x, err := r.scanChannel(scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return out, nil
}

// Limits of a channel.
const (
	maxSettings = 32
	maxSetting  = 2000 // characters of a value
	maxSecret   = 8000
)

func checkChannel(c Channel, secret map[string]string) error {
	if WayOf(c.Kind) == "" {
		return g.FieldErrorf("kind", "%q is no kind of channel; use one of %v", c.Kind, ChannelKinds())
	}
	if err := store.Line("name", c.Name, store.MaxName); err != nil {
		return err
	}
	if len(c.Settings) > maxSettings || len(secret) > maxSettings {
		return g.FieldErrorf("settings", "a channel has at most %d settings", maxSettings)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		if err := store.Optional("settings."+name, c.Settings[name], maxSetting); err != nil {
			return err
		}
	}
	for name, value := range secret {
		if n := utf8.RuneCountInString(value); n > maxSecret {
			return g.FieldErrorf("secrets."+name, "the text has %d characters; at most %d are kept", n,
				maxSecret)
		}
	}
	return nil
}

// CreateChannel adds a channel. Its settings and secrets are those that its kind asks for; the
// caller has them checked first.
func (v View) CreateChannel(
	ctx context.Context, c Channel, secret map[string]string,
) (Channel, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return Channel{}, err
	}
	if err := v.s.InSchool(ctx, in, c.School); err != nil {
		return Channel{}, err
	}
	if err := checkChannel(c, secret); err != nil {
		return Channel{}, err
	}
	c.ID, c.Way = g.ChannelID(g.NewID("chn")), WayOf(c.Kind)
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return Channel{}, err
	}
	sealed, err := v.r.sealSecret(c.ID, secret)
	if err != nil {
		return Channel{}, err
	}
	c.Secrets = names(secret)
	err = v.s.Write(ctx, func(t *store.Tx) error {
		c.Created = store.Moment(store.Micros(t.Now))
		_, err := t.Exec(ctx,
			"INSERT INTO channels ("+channelColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			string(c.ID), string(c.School), c.Kind, c.Name, string(settings), sealed,
			store.Flag(c.Disabled), store.Micros(c.Created))
		if err != nil {
			return fmt.Errorf("create channel: %w", err)
		}
		t.Change(change.Channel, c.School, string(c.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			c.School,
			"channel.create",
			string(c.ID),
			nil,
			c,
		)
	})
	return c, err
}

func (r *Book) sealSecret(id g.ChannelID, secret map[string]string) ([]byte, error) {
	plain, err := json.Marshal(secret)
	if err != nil {
		return nil, err
	}
	return store.Seal(r.s.Vault.Data, plain, "channel "+string(id)), nil
}

func names(secret map[string]string) []string {
	return append([]string{}, slices.Sorted(maps.Keys(secret))...)
}

// ChannelWith is a channel of the scope as UpdateChannel would leave it, to be checked before.
func (v View) ChannelWith(
	ctx context.Context, id g.ChannelID, settings, secret map[string]string,
) (Keyed, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return Keyed{}, err
	}
	c, err := v.r.scanChannel(
		v.s.Reg.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", string(id)).Scan)
	if err != nil {
		return Keyed{}, store.Missing(err, "channel", string(id))
	}
	c.Secret = merged(keptSecrets(c, settings), secret)
	c.Settings, c.Secrets = settings, names(c.Secret)
	return c, in.Owns(c.School, "channel", string(id))
}

func merged(have, given map[string]string) map[string]string {
	out := maps.Clone(have)
	for name, value := range given {
		if out[name] = value; value == "" {
			delete(out, name)
		}
	}
	return out
}

// UpdateChannel changes a channel's name, settings, secrets and whether it is used; its kind stays.
// Secrets that are not named stay as they are, and one that is empty is taken away. Where the
// settings lead to another server, the old secrets end: that server must not get them.
func (v View) UpdateChannel(ctx context.Context, c Channel, secret map[string]string) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := checkChannel(c, secret); err != nil {
		return err
	}
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := v.r.scanChannel(
			t.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", string(c.ID)).Scan)
		if err != nil {
			return store.Missing(err, "channel", string(c.ID))
		}
		if err := in.Owns(old.School, "channel", string(c.ID)); err != nil {
			return err
		}
		now := merged(keptSecrets(old, c.Settings), secret)
		sealed, err := v.r.sealSecret(c.ID, now)
		if err != nil {
			return err
		}
		c.School, c.Kind, c.Way, c.Created = old.School, old.Kind, old.Way, old.Created
		c.Secrets = names(now)
		if _, err := t.Exec(ctx,
			"UPDATE channels SET name = ?, settings = ?, secret_sealed = ?, disabled = ? WHERE id = ?",
			c.Name, string(settings), sealed, store.Flag(c.Disabled), string(c.ID)); err != nil {
			return fmt.Errorf("update channel: %w", err)
		}
		t.Change(change.Channel, c.School, string(c.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			c.School,
			"channel.update",
			string(c.ID),
			old.Channel,
			c,
		)
	})
}

// keptSecrets are a channel's secrets, none where its settings lead to another server than before.
func keptSecrets(old Keyed, settings map[string]string) map[string]string {
	if old.Settings["host"] != settings["host"] ||
		old.Settings["url"] != settings["url"] && !store.SameHost(old.Settings["url"], settings["url"]) {
		return map[string]string{}
	}
	return old.Secret
}

// DeleteChannel deletes a channel that no chain and no threat level names. What waits for it fails,
// and its recipients' next steps follow.
func (v View) DeleteChannel(ctx context.Context, id g.ChannelID) error {
	return v.s.Remove(ctx, g.SettingsWrite, "channels", "channel", string(id), change.Channel,
		func(ctx context.Context, t *store.Tx) (any, error) {
			c, err := v.r.scanChannel(
				t.Row(ctx, "SELECT "+channelColumns+" FROM channels WHERE id = ?", string(id)).Scan)
			return c.Channel, err
		},
		func(t *store.Tx) error { return endChannel(ctx, t, id) })
}

// endChannel fails what waits for a channel, so that its recipients' next steps begin.
func endChannel(ctx context.Context, t *store.Tx, id g.ChannelID) error {
	if _, err := t.Exec(ctx,
		"UPDATE recipients SET next = ? WHERE state = 'waiting' AND id IN "+
			"(SELECT s.recipient FROM sendings s WHERE s.channel = ? AND s.next > 0)",
		store.Micros(t.Now), string(id)); err != nil {
		return fmt.Errorf("go on without the channel: %w", err)
	}
	if _, err := t.Exec(ctx,
		"UPDATE sendings SET state = 'failed', code = 'channel_deleted', next = 0 "+
			"WHERE channel = ? AND next > 0", string(id)); err != nil {
		return fmt.Errorf("end what waits for the channel: %w", err)
	}
	return nil
}

// serving are the channels that serve a school, by way: its own, else those of the nearest school
// above that has one.
func (r *Book) serving(
	ctx context.Context, c store.Conn, school g.SchoolID,
) (map[Way]Keyed, error) {
	out := map[Way]Keyed{}
	for depth := 0; school != "" && depth < 16; depth++ {
		var w store.Where
		w.And("school = ?", string(school))
		w.And("disabled = 0")
		all, err := r.channels(ctx, c, w)
		if err != nil {
			return nil, err
		}
		for _, ch := range all {
			if _, ok := out[ch.Way]; !ok && ch.Way != Chat {
				out[ch.Way] = ch
			}
		}
		s, err := places.SchoolRow(ctx, c, school)
		if err != nil {
			return nil, err
		}
		school = s.Parent
	}
	return out, nil
}
