package host

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/driverpb"
)

// Probe asks a driver to try a device out. The error is a gatehouse.Error: the driver's own,
// NotFound if it cannot probe, Unavailable if it does not run or respond.
func (h *Host) Probe(
	ctx context.Context, driver gatehouse.DriverName, d drivers.Device,
) (drivers.Probe, error) {
	client, who, err := h.client(driver)
	if err != nil {
		return drivers.Probe{}, err
	}
	w, err := fromDevice(d)
	if err != nil {
		return drivers.Probe{}, err
	}
	r, err := client.Probe(ctx, w)
	if err != nil {
		return drivers.Probe{}, driverpb.CallError(who, err)
	}
	return drivers.Probe{
		Message:  r.GetMessage(),
		Values:   driverpb.ToValues(r.GetValues()),
		Snapshot: r.GetSnapshot(),
	}, nil
}

// Command asks a driver to execute a command; the errors are those of Probe. If the command was to
// set properties and not all were set, the result has the outcome of each, and the error is its
// Err.
func (h *Host) Command(
	ctx context.Context, driver gatehouse.DriverName, c drivers.Command,
) (drivers.Result, error) {
	if len(c.Data) > drivers.MaxData {
		return drivers.Result{}, gatehouse.Errorf(gatehouse.TooLarge,
			"the command's data has %d bytes; at most %d are taken", len(c.Data), drivers.MaxData)
	}
	client, who, err := h.client(driver)
	if err != nil {
		return drivers.Result{}, err
	}
	r, err := client.Command(ctx, &driverpb.CommandRequest{
		Id:     driverpb.Text(c.ID),
		Device: driverpb.Text(string(c.Device)),
		Action: driverpb.Text(c.Action),
		Values: driverpb.FromValues(c.Values),
		Data:   c.Data,
	})
	if err != nil {
		return drivers.Result{}, driverpb.CallError(who, err)
	}
	result := drivers.Result{
		Message: r.GetMessage(),
		Values:  driverpb.ToValues(r.GetValues()),
		Data:    r.GetData(),
		Writes:  toWrites(r.GetWrites()),
	}
	return result, result.Err()
}

// Ready returns why a driver can be asked nothing now: NotFound if it is not configured, Unavailable
// if it does not run.
func (h *Host) Ready(driver gatehouse.DriverName) error {
	_, _, err := h.client(driver)
	return err
}

// toWrites converts at most drivers.MaxWrites outcomes; an unknown outcome becomes unconfirmed.
func toWrites(writes []*driverpb.Write) []drivers.Write {
	var out []drivers.Write
	for _, w := range writes[:min(len(writes), drivers.MaxWrites)] {
		x := drivers.Write{
			Property: w.GetProperty(),
			Outcome:  drivers.Outcome(w.GetOutcome()),
			Reason:   driverpb.ToReason(w.GetReason()),
		}
		if !slices.Contains(drivers.Outcomes(), x.Outcome) {
			x.Outcome = drivers.WriteUnconfirmed
		}
		out = append(out, x)
	}
	return out
}

// Discover asks a driver to look for devices until it is done or ctx ends, which is no error. The
// errors are those of Probe. found is called from this goroutine.
func (h *Host) Discover(
	ctx context.Context, driver gatehouse.DriverName, found func(drivers.Candidate),
) error {
	client, who, err := h.client(driver)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Discover(ctx, &driverpb.DiscoverRequest{})
	if err != nil {
		return driverpb.CallError(who, err)
	}
	for {
		c, err := stream.Recv()
		if err != nil {
			if ended(err) || ctx.Err() != nil {
				return nil
			}
			return driverpb.CallError(who, err)
		}
		found(drivers.Candidate{
			Serial:  c.GetSerial(),
			Title:   c.GetTitle(),
			Address: c.GetAddress(),
			Profile: gatehouse.ProfileID(c.GetProfile()),
		})
	}
}

func (h *Host) client(
	driver gatehouse.DriverName,
) (client driverpb.DriverClient, who string, err error) {
	s, err := h.find(driver)
	if err != nil {
		return nil, "", err
	}
	who = fmt.Sprintf("driver %q", driver)
	client, status := s.current()
	if client == nil {
		why := string(status.State)
		if status.Reason != "" {
			why += ": " + status.Reason
		}
		return nil, who, gatehouse.Errorf(gatehouse.Unavailable, "%s is not running (%s)", who, why)
	}
	return client, who, nil
}

func fromDevice(d drivers.Device) (*driverpb.Device, error) {
	profile, err := json.Marshal(d.Profile)
	if err != nil {
		return nil, gatehouse.FieldErrorf("profile", "profile %q cannot be written: %v",
			d.Profile.ID, err)
	}
	w := &driverpb.Device{
		Id:      driverpb.Text(string(d.ID)),
		Serial:  driverpb.Text(d.Serial),
		Profile: profile,
		Address: driverpb.Texts(d.Address),
		Secret:  driverpb.Texts(d.Secret),
	}
	if d.Reach.Bounded {
		w.Reach = &driverpb.Reach{
			ThisMachine: d.Reach.ThisMachine,
			LinkLocal:   d.Reach.LinkLocal,
		}
	}
	return w, nil
}

// toDescription validates a program's description: it may not be built with our driver package.
func toDescription(w *driverpb.Description) (drivers.Description, error) {
	d := drivers.Description{
		Name:     w.GetName(),
		Title:    w.GetTitle(),
		TitleZH:  w.GetTitleZh(),
		Version:  w.GetVersion(),
		Settings: toFields(w.GetSettings()),
		Address:  toFields(w.GetAddress()),
		Template: w.GetTemplate(),
	}
	if !gatehouse.ValidID(d.Name) {
		return d, fmt.Errorf("it gives itself the name %q, which is none", d.Name)
	}
	if err := checkSize(w); err != nil {
		return d, err
	}
	for i, b := range w.GetProfiles() {
		var p gatehouse.Profile
		if err := json.Unmarshal(b, &p); err != nil {
			return d, fmt.Errorf("its profile %d cannot be read: %w", i+1, err)
		}
		if err := p.Validate(); err != nil {
			return d, fmt.Errorf("its profile %d: %w", i+1, err)
		}
		d.Profiles = append(d.Profiles, p)
	}
	return d, nil
}

// checkSize limits a program's description, since all of it is kept in the registry.
func checkSize(w *driverpb.Description) error {
	for _, x := range []struct {
		what    string
		n, most int
	}{
		{"profiles", len(w.GetProfiles()), drivers.MaxProfiles},
		{"settings", len(w.GetSettings()), drivers.MaxFields},
		{"fields of an address", len(w.GetAddress()), drivers.MaxFields},
	} {
		if x.n > x.most {
			return fmt.Errorf("it has %d %s; at most %d are taken", x.n, x.what, x.most)
		}
	}
	for i, b := range w.GetProfiles() {
		if len(b) > drivers.MaxProfile {
			return fmt.Errorf("its profile %d has %d bytes; at most %d are taken", i+1, len(b),
				drivers.MaxProfile)
		}
	}
	return nil
}

func toFields(fields []*driverpb.Field) []drivers.Field {
	var out []drivers.Field
	for _, f := range fields {
		out = append(out, drivers.Field{
			Key:      f.GetKey(),
			Title:    f.GetTitle(),
			TitleZH:  f.GetTitleZh(),
			Help:     f.GetHelp(),
			HelpZH:   f.GetHelpZh(),
			Default:  f.GetDefault(),
			Required: f.GetRequired(),
			Secret:   f.GetSecret(),
			Kind:     f.GetKind(),
			Min:      f.GetMin(),
			Max:      f.GetMax(),
			Options:  f.GetOptions(),
			Proves:   f.GetProves(),
		})
	}
	return out
}
