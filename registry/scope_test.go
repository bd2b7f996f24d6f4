package registry_test

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/collect"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
	"github.com/gatehouse-iot/gatehouse/registry/exceptions"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/leave"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/meals"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/rules"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/views"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// call is a method of View or of one of its parts, called with objects of school b.
type call struct {
	do    func(ctx context.Context, v *registry.View) (any, error)
	alone bool // belongs to no school: other scopes may call it
}

// noPictures is a store of pictures that are all there.
type noPictures struct{}

func (noPictures) Open(context.Context, g.SchoolID, g.MediaID) ([]byte, error) { return nil, nil }
func (noPictures) Keep(g.SchoolID, g.MediaID) error                            { return nil }
func (noPictures) Delete(g.SchoolID, g.MediaID) error                          { return nil }

// calls has every method of View ("Method") and of its parts ("Part.Method"); a missing one fails
// the test.
func calls(d *district) map[string]call {
	b := d.b.ID
	dev, child, gate := d.device[b].ID, d.child[b].ID, d.gate[b]
	table := map[string]call{
		"Places.Schools": {do: func(ctx context.Context, v *registry.View) (any, error) {
			all, err := v.Places.Schools(ctx)
			for _, s := range all {
				if s.ID == b {
					return s, err
				}
			}
			return nil, err
		}},
		"Places.School": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.School(ctx, b)
		}},
		"Places.CreateSchool": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Places.CreateSchool(ctx,
					g.School{
						Parent:   "dist",
						Kind:     g.KindSchool,
						Name:     "x",
						Timezone: "UTC",
						Language: "en",
					})
			},
		},
		"Places.UpdateSchool": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Places.UpdateSchool(ctx, d.b)
		}},
		"Places.Of": {do: func(ctx context.Context, v *registry.View) (any, error) {
			p, err := v.Places.Of(ctx, b)
			return p.Zones, err
		}},
		"Places.Site": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := d.sys.Places.Building(ctx, gate.Building)
			if err != nil {
				return nil, err
			}
			return v.Places.Site(ctx, x.Site)
		}},
		"Places.Building": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.Building(ctx, gate.Building)
		}},
		"Places.Zone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.Zone(ctx, gate.ID)
		}},
		"Sessions.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Find(ctx, "ses-b")
		}},
		"People.ToChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.ToChange(ctx, d.child[b].ID)
		}},
		"Hooks.RotateSecret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Hooks.RotateSecret(ctx, "whk_b", time.Hour)
			return x, err
		}},
		"Hooks.Secrets": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.Secrets(ctx, "whk_b", d.clock.now())
		}},
		"Places.PutSite": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.PutSite(ctx, g.Site{School: b, Name: "x"})
		}},
		"Places.PutBuilding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.PutBuilding(ctx, g.Building{School: b, Name: "x"})
		}},
		"Deeds.PutZone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Deeds.PutZone(ctx, gate)
		}},
		"Places.DeleteSite": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Places.DeleteSite(ctx, "sit_none")
		}},
		"Places.DeleteBuilding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Places.DeleteBuilding(ctx, gate.Building)
		}},
		"Places.Floor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.Floor(ctx, "flo_b")
		}},
		"Places.PutFloor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.PutFloor(ctx, g.Floor{School: b, Building: gate.Building, Name: "x"})
		}},
		"Places.SetPlan": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.SetPlan(ctx, "flo_b", nil)
		}},
		"Places.DeleteFloor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Places.DeleteFloor(ctx, "flo_b")
		}},
		"Places.Drawings": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.Drawings(ctx)
		}},
		"Deeds.PlaceOnFloor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.PlaceOnFloor(ctx, "flo_b", places.Spots{})
		}},
		"Views.FloorPlan": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.FloorPlan(ctx, "flo_b")
		}},
		"Views.Whereabouts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.Whereabouts(ctx, gate.ID, dev)
		}},
		"Deeds.DeleteZone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.DeleteZone(ctx, gate.ID)
		}},
		"Fleet.Profiles": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.Profiles(ctx)
		}},
		"Fleet.Profile": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.Profile(ctx, "sensor")
		}},
		"Fleet.PutProfile": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.PutProfile(ctx, g.Profile{ID: "new", Title: "New", Type: g.TypeOther})
		}},
		"Fleet.DeleteProfile": {
			alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Fleet.DeleteProfile(ctx, "new")
			},
		},
		"Fleet.Devices": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.Fleet.Devices(ctx, fleet.DeviceFilter{School: b})
			return rows, err
		}},
		"Fleet.Registered": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Fleet.Registered(ctx,
					g.Device{
						ID:      "new",
						Driver:  "camera",
						Address: map[string]string{"url": "rtsp://192.0.2.7/elsewhere"},
					})
			},
		},
		"Fleet.Device": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.Device(ctx, dev)
		}},
		"Fleet.DeviceCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			n, _, err := v.Fleet.DeviceCounts(ctx, b)
			return n, err
		}},
		"Places.PicturesTaken": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Places.PicturesTaken(ctx, b)
		}},
		"Fleet.WeakCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.WeakCounts(ctx, b)
		}},
		"Fleet.CreateDevice": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				x, _, err := v.Fleet.CreateDevice(ctx,
					g.Device{School: b, Profile: "sensor", Driver: "modbus", Name: "x"}, nil)
				return x, err
			},
		},
		"Fleet.UpdateDevice": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.UpdateDevice(ctx, d.device[b], nil)
		}},
		"Fleet.DeleteDevice": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.DeleteDevice(ctx, dev)
		}},
		"Fleet.DeviceSecret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.DeviceSecret(ctx, dev)
		}},
		"Fleet.SetDesired": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.SetDesired(ctx, dev, "setpoint", g.NumberValue(20))
		}},
		"Fleet.Certificates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.Certificates(ctx, dev)
		}},
		"Fleet.RevokeCertificate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.RevokeCertificate(ctx, dev, "")
		}},
		"People.AddPermit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.AddPermit(ctx, d.child[b].ID, g.ByPlate, "京A12345", time.Time{}, time.Time{})
		}},
		"People.AddDuress": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.AddDuress(ctx, d.child[b].ID, "8642", time.Time{})
		}},
		"People.Duress": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Duress(ctx, b, "8642")
		}},
		"Lockdown.Accept": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Accept(ctx, fleet.Order{ID: "cmd_b", Device: dev}, b, "")
		}},
		"Lockdown.Override": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Override(ctx, g.Device{
				ID:     dev,
				School: b,
			}, "unlock", nil, "because", g.User{})
		}},
		"Lockdown.Preview": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Preview(ctx, lockdown.Order{School: b, Level: g.LevelHold}, "")
		}},
		"Fleet.MoveCommand": {do: func(ctx context.Context, v *registry.View) (any, error) {
			c, _, err := v.Fleet.MoveCommand(ctx, "cmd_b", g.CommandRefused, g.Word("x"))
			return c, err
		}},
		"Fleet.ReturnCommand": {do: func(ctx context.Context, v *registry.View) (any, error) {
			c, _, err := v.Fleet.ReturnCommand(ctx, "cmd_b", g.Word("x"))
			return c, err
		}},
		"Fleet.ExpireCommands": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.ExpireCommands(ctx, time.Now(), time.Now(),
				func(g.DeviceCommand) (g.CommandState, g.Text) { return g.CommandExpired, g.Text{} })
		}},
		"Fleet.WaitingCommands": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.WaitingCommands(ctx)
		}},
		"Fleet.CommandsOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.Fleet.CommandsOf(ctx, fleet.CommandFilter{School: b})
			return rows, err
		}},
		"Fleet.MayCommand": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.MayCommand(ctx, dev, "open", nil)
		}},
		"Fleet.WriteDesired": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.WriteDesired(ctx, dev, "setpoint", g.NumberValue(20),
				func(g.Device) error { return nil })
		}},
		"Fleet.Commands": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.Commands(ctx, dev)
		}},
		"Fleet.UnknownFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.UnknownFields(ctx, dev)
		}},
		"Fleet.CountFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.CountFields(ctx, nil)
		}},
		"Fleet.ForgetFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.ForgetFields(ctx, dev)
		}},
		"Fleet.AddFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.AddFields(ctx, dev, []string{"x"}, "x-own")
		}},
		"Fleet.ProfileUses": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				all, err := v.Fleet.ProfileUses(ctx)
				return slices.DeleteFunc(all, func(u fleet.ProfileUse) bool {
					return u.Devices == 0 || u.Profile == "sensor"
				}), err
			},
		},
		"Fleet.ProfileUse": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.ProfileUse(ctx, "camera-b")
		}},
		"Fleet.ApplyTwins": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Fleet.ApplyTwins(ctx, nil)
		}},
		"Fleet.FlappingDevices": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.FlappingDevices(ctx)
		}},
		"Fleet.MarkStale": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Fleet.MarkStale(ctx, time.Now())
		}},
		"People.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.People.List(ctx, people.Filter{School: b})
			return rows, err
		}},
		"People.Classes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Classes(ctx, b)
		}},
		"People.Open": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Open(ctx, child)
		}},
		"People.Names": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Names(ctx, []g.PersonID{child})
		}},
		"People.Create": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Create(ctx, g.Person{School: b, Kind: g.Staff, Name: "x"})
		}},
		"People.Update": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.People.Update(ctx, d.child[b])
		}},
		"People.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.People.Delete(ctx, child)
		}},
		"People.Import": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Import(ctx, b, strings.NewReader("kind,number,name\nstaff,1,x\n"), true)
		}},
		"People.ImportRoster": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.People.ImportRoster(ctx, b, []byte("kind,number,name\nstaff,1,x\n"),
					people.ImportOptions{DryRun: true})
			},
		},
		"People.SetLeft": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.People.SetLeft(ctx, child, true)
		}},
		"People.SetConsent": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.People.SetConsent(ctx, g.Consent{Person: child, Given: true, By: "x"})
		}},
		"People.AddCard": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.AddCard(ctx, child, g.ByCard, "12345678", time.Time{})
		}},
		"People.AddFace": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.AddFace(ctx, child, []float32{1}, "m", 1)
		}},
		"People.MayEnrol": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.MayEnrol(ctx, child)
		}},
		"People.Enrol": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				id, _, err := v.People.Enrol(ctx,
					people.Enrolment{
						Person:    child,
						Embedding: []float32{1},
						Model:     "m",
						Quality:   1,
					})
				return id, err
			},
		},
		"Views.FaceCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.FaceCounts(ctx, b, "m")
		}},
		"Alerts.AttachPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Alerts.AttachPicture(ctx, "alt_b", "med_b")
		}},
		"Alerts.KeepPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.KeepPicture(ctx, "alt_b", d.clock.now().Add(time.Hour))
		}},
		"Alerts.DropPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, id, err := v.Alerts.DropPicture(ctx, "alt_b")
			return id, err
		}},
		"Alerts.KeptPictures": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.KeptPictures(ctx, b)
		}},
		"Alerts.LapsePictures": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.LapsePictures(ctx, d.clock.now())
		}},
		"People.DeletePass": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.People.DeletePass(ctx, "pas_b")
		}},
		"People.ByCredential": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, _, err := v.People.ByCredential(ctx, b, g.ByCard, card)
			return id, err
		}},
		"People.ByNumber": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, _, err := v.People.ByNumber(ctx, b, "20260001")
			return id, err
		}},
		"People.Standing": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, err := v.People.Standing(ctx, b, g.ByCard, card, true)
			return id, err
		}},
		"People.Who": {do: func(ctx context.Context, v *registry.View) (any, error) {
			kind, _, err := v.People.Who(ctx, child)
			return kind, err
		}},
		"People.Templates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Templates(ctx, b)
		}},
		"Access.Users": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.Users(ctx, b)
		}},
		"Access.CreateUser": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Access.CreateUser(ctx,
					g.User{School: b, Name: "x", Role: g.RoleTeacher, Language: "en"},
					"long enough")
			},
		},
		"Access.UpdateUser": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Access.UpdateUser(ctx,
					g.User{ID: "usr_b", Name: "x", Role: g.RoleTeacher, Language: "en"})
			},
		},
		"Access.UpdateUserAndPassword": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Access.UpdateUserAndPassword(ctx,
					g.User{ID: "usr_b", Name: "x", Role: g.RoleTeacher, Language: "en"},
					"long enough")
			},
		},
		"Access.ChangePassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.ChangePassword(ctx, "usr_b", "", "long enough")
		}},
		"Access.SecondFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.SecondFactor(ctx, "usr_b")
		}},
		"Access.SecondFactors": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.SecondFactors(ctx, b)
		}},
		"Access.OwnPassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.OwnPassword(ctx, "usr_b", "long enough")
		}},
		"Access.BeginTOTP": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, _, err := v.Access.BeginTOTP(ctx, "usr_b", "")
			return x, err
		}},
		"Access.ConfirmTOTP": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.ConfirmTOTP(ctx, "usr_b", "fac", "000000")
		}},
		"Access.BeginPasskey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, err := v.Access.BeginPasskey(ctx, "usr_b", access.NewRelyingParty(gateAddress))
			return x, err
		}},
		"Access.ConfirmPasskey": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Access.ConfirmPasskey(ctx, "usr_b", access.NewRelyingParty(gateAddress),
					"making",
					"", nil)
			},
		},
		"Access.NewRecoveryCodes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.NewRecoveryCodes(ctx, "usr_b")
		}},
		"Access.RemoveFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.RemoveFactor(ctx, "usr_b", "fac")
		}},
		"Access.ResetSecondFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.ResetSecondFactor(ctx, "usr_b")
		}},
		"Access.FactorRoles": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.FactorRoles(ctx, b)
		}},
		"Access.PutFactorRoles": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.PutFactorRoles(ctx, b, []g.Role{g.RoleAdmin})
		}},
		"Access.Keys": {
			do: func(ctx context.Context, v *registry.View) (any, error) { return v.Access.Keys(ctx, b) },
		},
		"Access.CreateKey": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				k, _, err := v.Access.CreateKey(ctx,
					g.APIKey{
						School:      b,
						Name:        "x",
						Purpose:     "a test asks",
						Permissions: []g.Permission{g.DevicesRead},
						Expires:     d.clock.now().Add(time.Hour),
					})
				return k, err
			},
		},
		"Access.Key": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.Key(ctx, "key_b")
		}},
		"Access.Screens": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Access.Screens(ctx, b)
		}},
		"Access.PairScreen": {do: func(ctx context.Context, v *registry.View) (any, error) {
			k, _, err := v.Access.PairScreen(ctx, b, "Gate house")
			return k.ID, err
		}},
		"Access.RevokeKey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.RevokeKey(ctx, "key_b")
		}},
		"Access.TakeOverKey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.TakeOverKey(ctx, "key_b")
		}},
		"Hooks.TakeOver": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.TakeOver(ctx, "whk_b")
		}},
		"Hooks.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.List(ctx, b)
		}},
		"Hooks.Create": {do: func(ctx context.Context, v *registry.View) (any, error) {
			w, _, err := v.Hooks.Create(ctx, g.Webhook{School: b, URL: "https://x.example"})
			return w, err
		}},
		"Hooks.Update": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Hooks.Update(ctx,
					g.Webhook{ID: "whk_b", School: b, URL: "https://x.example"})
			},
		},
		"Hooks.Move": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.Move(ctx, g.Webhook{ID: "whk_b", School: b, URL: "https://y.example"})
		}},
		"Hooks.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.Delete(ctx, "whk_b")
		}},
		"Hooks.Secret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.Secret(ctx, "whk_b")
		}},
		"Hooks.QueueDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.QueueDeliveries(ctx, nil)
		}},
		"Hooks.DueDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.DueDeliveries(ctx, "whk_b", d.clock.now(), 1)
		}},
		"Hooks.WaitingAfter": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.WaitingAfter(ctx, hooks.Delivery{Webhook: "whk_b", Subject: "s"}, 1)
		}},
		"Hooks.Due": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.Due(ctx, d.clock.now())
		}},
		"Hooks.PostponeDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.PostponeDeliveries(ctx, "whk_b", d.clock.now())
		}},
		"Hooks.DeliveredSince": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.DeliveredSince(ctx, "whk_b", d.clock.now())
		}},
		"Hooks.SaveDelivery": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.SaveDelivery(ctx, hooks.Delivery{})
		}},
		"Hooks.TrimDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Hooks.TrimDeliveries(ctx, d.clock.now())
		}},
		"Hooks.Deliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Hooks.Deliveries(ctx, "whk_b", registry.Page{})
			return x, err
		}},
		"Hooks.Redeliver": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Hooks.Redeliver(ctx, 1)
		}},
		"Places.Setting": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Places.Setting(ctx, b, "k")
			return x, err
		}},
		"Deeds.PutSetting": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.PutSetting(ctx, b, "k", json.RawMessage(`1`))
		}},
		"Views.Audit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Views.Audit(ctx, views.AuditFilter{School: b})
			return x, err
		}},
		"Deeds.SetUp": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Deeds.SetUp(ctx, deeds.FirstRun{
				School:   d.b,
				Admin:    g.User{Name: "first", Role: g.RoleAdmin, Language: "en"},
				Password: "long enough",
			})
		}},
		"Deeds.VouchPlate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			school, _, err := v.Deeds.VouchPlate(ctx, "京A12345", gate.ID)
			return school, err
		}},
		"Deeds.Vouch": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Deeds.Vouch(ctx, child, gate.ID)
		}},
		"Lockdown.Levels": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Levels(ctx, b)
		}},
		"Lockdown.Level": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Level(ctx, b, g.LevelHold)
		}},
		"Lockdown.Kept": {do: func(ctx context.Context, v *registry.View) (any, error) {
			l, _, err := v.Lockdown.Kept(ctx, "lck_b")
			return l, err
		}},
		"Lockdown.Holding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Holding(ctx)
		}},
		"Lockdown.PutLevel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.PutLevel(ctx,
				g.ThreatLevel{ID: "own", School: b, Title: "Own", Severity: g.Info})
		}},
		"Lockdown.DeleteLevel": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Lockdown.DeleteLevel(ctx, b, "own")
		}},
		"Lockdown.Standing": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Standing(ctx, b)
		}},
		"Lockdown.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.Lockdown.List(ctx, lockdown.Filter{School: b})
			return rows, err
		}},
		"Lockdown.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Find(ctx, "lck_b")
		}},
		"Lockdown.Raise": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Raise(ctx, lockdown.Order{School: b, Level: g.LevelHold})
		}},
		"Lockdown.Clear": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Lockdown.Clear(ctx, lockdown.AllClear{ID: "lck_b", Version: 1})
		}},
		"Lockdown.SetClearCodes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Lockdown.SetClearCodes(ctx, g.User{}, "4711", "1174")
		}},
		"Deeds.EnrolPhoto": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Deeds.EnrolPhoto(ctx, child, nil,
				func(context.Context) (p deeds.Portrait, err error) {
					p.TrackFace = deeds.TrackFace{Embedding: []float32{1}, Model: "m", Quality: 1}
					return p, nil
				}, nil)
		}},
		"Deeds.EnrolStranger": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, _, err := v.Deeds.EnrolStranger(ctx, deeds.Stranger{Alert: "alt_b", Person: child},
				func(context.Context, g.SchoolID, g.MediaID) (deeds.TrackFace, error) {
					return deeds.TrackFace{Embedding: []float32{1}, Model: "m", Quality: 1}, nil
				}, nil)
			return id, err
		}},
		"Deeds.KeepPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Deeds.KeepPicture(ctx, "alt_b", d.clock.now().Add(time.Hour), noPictures{})
		}},
		"Deeds.DropPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.DropPicture(ctx, "alt_b", noPictures{})
		}},
		"Deeds.RecordReload": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.RecordReload(ctx, nil)
		}},
		"Deeds.Record": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Deeds.Record(ctx, "test", "x")
		}},
		"Alerts.NoteRules": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Alerts.NoteRules(ctx, nil)
		}},
		"AnchorAudit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AnchorAudit(ctx)
		}},
		"VerifyAudit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.VerifyAudit(ctx)
		}},
		"Sessions.Between": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Between(ctx, b, time.Time{}, time.Time{})
		}},
		"Sessions.Put": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Put(ctx, morning(d, d.b))
		}},
		"Sessions.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Sessions.Delete(ctx, "ses-b")
		}},
		"Sessions.Leaves": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Leaves(ctx, b, time.Time{}, time.Time{})
		}},
		"Sessions.Leave": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Leave(ctx, "lea-b")
		}},
		"Sessions.LeaveToChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.LeaveToChange(ctx, "lea-b")
		}},
		"Sessions.PutLeave": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Sessions.PutLeave(ctx,
					g.Leave{Person: child, From: d.clock.now(), To: d.clock.now().Add(1), Reason: "doctor"})
			},
		},
		"Sessions.DeleteLeave": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Sessions.DeleteLeave(ctx, "lea-b")
		}},
		"Sessions.Rosters": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Rosters(ctx, b, []g.Session{morning(d, d.b)}, nil)
		}},
		"Sessions.Month": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Sessions.Month(ctx, sessions.MonthFilter{School: b, Month: "2026-09"})
			return x, err
		}},
		"Sessions.ExportMonth": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.ExportMonth(ctx, sessions.MonthFilter{School: b, Month: "2026-09"})
		}},
		"Sessions.CorrectionsOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.CorrectionsOf(ctx, []g.SessionID{"ses-b"})
		}},
		"Sessions.Attendance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{School: b})
			return x, err
		}},
		"Sessions.AttendanceSummary": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.AttendanceSummary(ctx, "ses-b")
		}},
		"Sessions.PutAttendance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.PutAttendance(ctx, nil, g.CauseTime)
		}},
		"People.Members": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.People.Members(ctx, b)
		}},
		"Sessions.LeavesOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.LeavesOf(ctx, b, []g.PersonID{child}, time.Time{}, time.Time{})
		}},
		"Sessions.Finished": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Finished(ctx, "ses-b")
		}},
		"Sessions.Marks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Marks(ctx, 1)
		}},
		"Sessions.Unmark": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Sessions.Unmark(ctx, 0)
		}},
		"History.Punches": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.Punches(ctx, b, time.Time{}, time.Time{})
		}},
		"History.Delivered": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.Delivered(ctx, dev, time.Time{}, time.Time{})
		}},
		"History.Refused": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.Refused(ctx, b, time.Time{}, time.Time{})
		}},
		"Sessions.Correct": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Sessions.Correct(ctx,
					sessions.Correction{
						Session: "ses-b",
						Person:  child,
						State:   g.Arrived,
						Reason:  "x",
					})
			},
		},
		"Sessions.Roll": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Roll(ctx, "ses-b", []sessions.Ticked{{Person: child, State: g.Arrived}}, "x")
		}},
		"Sessions.Corrections": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Corrections(ctx, "ses-b")
		}},
		"History.Apply": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.History.Apply(ctx, nil)
		}},
		"History.Sightings": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.History.Sightings(ctx, history.SightingFilter{Device: dev})
			return x, err
		}},
		"History.Occurrences": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.History.Occurrences(ctx, history.OccurrenceFilter{Device: dev})
			return x, err
		}},
		"History.Rejections": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.History.Rejections(ctx, history.RejectionFilter{})
			return x, err
		}},
		"History.StatusLog": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.History.StatusLog(ctx, dev, registry.Page{})
			return x, err
		}},
		"History.RejectionContent": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.RejectionContent(ctx, 1)
		}},
		"History.SealKept": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.SealKept(ctx, b, []byte("x"))
		}},
		"History.UnresolvedPassages": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.UnresolvedPassages(ctx, b, 0, 1)
		}},
		"History.ResolvePassages": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.History.ResolvePassages(ctx, b, map[uint64]g.PersonID{1: "x"})
		}},
		"History.SightingsBetween": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.SightingsBetween(ctx, b, time.Time{}, time.Time{}, nil)
		}},
		"History.Trim": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.Trim(ctx, b, d.clock.now())
		}},
		"History.ApplyQuality": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.History.ApplyQuality(ctx, history.QualityTurn{})
		}},
		"History.QualityState": {do: func(ctx context.Context, v *registry.View) (any, error) {
			turn, _, _, err := v.History.QualityState(ctx)
			return turn, err
		}},
		"History.SightingSeqs": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.SightingSeqs(ctx, []g.SightingID{"sgt_b"})
		}},
		"History.QualityDays": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.History.QualityDays(ctx, history.QualityFilter{})
		}},
		"History.Quality": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.History.Quality(ctx, history.QualityFilter{Device: dev})
			return x, err
		}},
		"Alerts.Apply": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Alerts.Apply(ctx, alerts.Effects{})
		}},
		"Alerts.RulesState": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, _, err := v.Alerts.RulesState(ctx)
			return x, err
		}},
		"Alerts.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.List(ctx, alerts.Filter{})
			return x, err
		}},
		"Alerts.Wall": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.Alerts.Wall(ctx, alerts.WallFilter{})
			return x.Items, err
		}},
		"Musters.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Musters.List(ctx, b)
		}},
		"Musters.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Musters.Find(ctx, d.muster)
		}},
		"Musters.People": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, _, err := v.Musters.People(ctx, d.muster)
			return x, err
		}},
		"Musters.Start": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Musters.Start(ctx, g.Muster{School: b, Drill: true}, nil)
		}},
		"Musters.Tick": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Musters.Tick(ctx, d.muster, []g.MusterTick{{ID: "tick", Person: child, Word: g.TickSafe}})
		}},
		"Musters.Close": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Musters.Close(ctx, d.muster, "", g.MusterCounts{}, nil)
		}},
		"Visits.OnSite": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.OnSite(ctx, b)
		}},
		"Sessions.CorrectionsOfPerson": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.CorrectionsOfPerson(ctx, child, []g.SessionID{"ses-b"})
		}},
		"Sessions.Figures": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Figures(ctx, b, g.SessionArrival, g.DateOf(d.clock.now()))
		}},
		"Sessions.Excepted": {do: func(ctx context.Context, v *registry.View) (any, error) {
			day := g.DateOf(d.clock.now())
			return v.Sessions.Excepted(ctx, b, day, day)
		}},
		"Exceptions.Marks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Exceptions.Marks(ctx, b)
		}},
		"Exceptions.Do": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Exceptions.Do(ctx, b, "exc-b", exceptions.Take, "")
		}},
		"Sessions.Stated": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions.Stated(ctx, []g.SessionID{"ses-b"})
		}},
		"Collect.Of": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.Of(ctx, child)
		}},
		"Collect.Add": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.Add(ctx, aCollector(d.child[b], d.clock.now()))
		}},
		"Collect.End": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.End(ctx, d.collector)
		}},
		"Collect.Gate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.Gate(ctx, child)
		}},
		"Collect.HandOver": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.HandOver(ctx, g.Collected{Pupil: child, CollectedDetails: g.CollectedDetails{
				Name: "Zhao Lei",
				Note: "sent away",
			}})
		}},
		"Collect.Strangers": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Collect.Strangers(ctx, 10)
		}},
		"Collect.Settle": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Collect.Settle(ctx, "hov_none")
		}},
		"Guardians.Page": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Guardians.Page(ctx, b)
		}},
		"Guardians.PageOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Guardians.PageOf(ctx, d.family)
		}},
		"Guardians.SetPage": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Guardians.SetPage(ctx, g.GuardianPage{School: b, On: true}, false)
		}},
		"Guardians.AskCode": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Guardians.AskCode(ctx, b, "gc_1", "13800138000")
		}},
		"Guardians.SendCodes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Guardians.SendCodes(ctx, 10)
		}},
		"Guardians.SignIn": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Guardians.SignIn(ctx, b, "gc_none", "000000")
			if g.ErrorCode(err) == g.Invalid {
				err = nil // as for whoever has no code
			}
			return nil, err
		}},
		"Guardians.Who": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, err := v.Guardians.Who(ctx, b, "none")
			if g.ErrorCode(err) == g.NotFound && v.Guardians.SignOut(ctx, "none") == nil {
				err = nil // as for whoever is not signed in
			}
			return nil, err
		}},
		"Guardians.SignOut": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Guardians.SignOut(ctx, "none")
		}},
		"Leave.Chain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Chain(ctx, b)
		}},
		"Leave.SetChain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.SetChain(ctx, g.LeaveChain{School: b})
		}},
		"Leave.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.Leave.List(ctx, leave.Filter{School: b})
			return rows, err
		}},
		"Leave.Open": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Open(ctx, d.request)
		}},
		"Leave.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Find(ctx, d.request)
		}},
		"Leave.Of": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Of(ctx, child, d.clock.now())
		}},
		"Leave.Due": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Due(ctx, d.clock.now(), 10)
		}},
		"Leave.Settle": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Leave.Settle(ctx, leave.Owed{LeaveRequest: g.LeaveRequest{ID: "lea_none"}})
		}},
		"Leave.Answerers": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Answerers(ctx, g.LeaveRequest{School: b})
		}},
		"Leave.Ask": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Ask(ctx, aRequest(d.child[b], d.clock.now()))
		}},
		"Leave.Answer": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave.Answer(ctx, d.request, leave.Answer{Approve: true})
		}},
		"Leave.Withdraw": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := d.sys.Leave.Ask(ctx, aRequest(d.child[b], d.clock.now()))
			if err != nil {
				return nil, err
			}
			return v.Leave.Withdraw(ctx, x.ID, []g.PersonID{x.Guardian})
		}},
		"Views.Looks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.Looks(ctx, child, time.Time{}, 10)
		}},
		"Visits.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.List(ctx, b, "", d.clock.now())
		}},
		"Visits.Open": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Open(ctx, d.visit)
		}},
		"Visits.Register": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Register(ctx, aVisit(b, d.clock.now()))
		}},
		"Visits.Move": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Move(ctx, d.visit, visits.Step{State: g.VisitExpected})
		}},
		"Visits.Show": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Show(ctx, d.visit)
		}},
		"Visits.Pass": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Visits.Pass(ctx, visits.Passed{Person: "per_nobody"})
			return x, err
		}},
		"Visits.Due": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Due(ctx, d.clock.now(), 10)
		}},
		"Visits.Settle": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Visits.Settle(ctx, visits.Owed{Visit: g.Visit{ID: d.visit}}, time.Time{})
		}},
		"Visits.Forget": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Visits.Forget(ctx, "vis_none")
		}},
		"Visits.Page": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Page(ctx, b)
		}},
		"Visits.PageOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.PageOf(ctx, d.page)
		}},
		"Visits.SetPage": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.SetPage(ctx, g.VisitPage{School: b, On: true}, false)
		}},
		"Visits.Bar": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Bar(ctx, aBarred(b, d.clock.now()), "")
		}},
		"Visits.BarredOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.BarredOf(ctx, b, d.clock.now())
		}},
		"Visits.Unbar": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Visits.Unbar(ctx, d.barred)
		}},
		"Messages.Host": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Messages.Host(ctx, b, "Chen Jing")
			return x, err
		}},
		"Meals.Decide": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.Decide(ctx, meals.Question{School: b, Person: child, At: d.clock.now()})
		}},
		"Meals.Day": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Meals.Day(ctx, b, "")
			return x, err
		}},
		"Meals.Waiting": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.Waiting(ctx, b, "", "Dinner", "")
		}},
		"Meals.Exceptions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.Exceptions(ctx, b, "", "Dinner")
		}},
		"Meals.Diets": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.Diets(ctx, b)
		}},
		"Meals.Diet": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.Diet(ctx, child, true)
		}},
		"Meals.PutDiet": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.PutDiet(ctx, g.Diet{Person: child, Note: "No peanuts"})
		}},
		"Meals.ClassMeals": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.ClassMeals(ctx, b)
		}},
		"Meals.PutClassMeals": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Meals.PutClassMeals(ctx, g.ClassMeals{School: b, Class: "7-2"}, false)
		}},
		"Timetable.Patterns": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Patterns(ctx, b)
		}},
		"Timetable.Pattern": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Pattern(ctx, "pat-b")
		}},
		"Timetable.Put": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Put(ctx, aPattern(b))
		}},
		"Timetable.PutMany": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x := aPattern(b)
			x.ID = "pat-many"
			return v.Timetable.PutMany(ctx, b, []g.SessionPattern{x}, nil, g.DateOf(d.clock.now()), false)
		}},
		"Timetable.End": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Timetable.End(ctx, "pat-b")
		}},
		"Timetable.Templates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Templates(ctx, b)
		}},
		"Timetable.Template": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Template(ctx, "tpl-b")
		}},
		"Timetable.PutTemplate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.PutTemplate(ctx, g.DayTemplate{School: b, Name: "Exams", Shift: 10})
		}},
		"Timetable.DeleteTemplate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Timetable.DeleteTemplate(ctx, "tpl-free")
		}},
		"Timetable.Days": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Days(ctx, b, "2026-01-01")
		}},
		"Timetable.PutDays": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.PutDays(ctx, aLateDay(b))
		}},
		"Timetable.DeleteDays": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Timetable.DeleteDays(ctx, "tpd-b")
		}},
		"Timetable.Changes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.Changes(ctx, b, "2026-01-01", "2027-01-01")
		}},
		"Timetable.PutChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Timetable.PutChange(ctx, g.PatternChange{Pattern: "pat-b", Date: "2026-09-03", Cancel: true})
		}},
		"Timetable.DeleteChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x := g.PatternChange{Pattern: "pat-b", Date: "2026-09-02"}
			return nil, v.Timetable.DeleteChange(ctx, x.Key())
		}},
		"Sessions.Sync": {do: func(ctx context.Context, v *registry.View) (any, error) {
			day := g.DateOf(d.clock.now())
			return v.Sessions.Sync(ctx, b, day, day, nil)
		}},
		"Calendar.Entries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Calendar.Entries(ctx, b)
		}},
		"Calendar.Entry": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Calendar.Entry(ctx, "cal-b")
		}},
		"Calendar.Put": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Calendar.Put(ctx, b, []g.CalendarEntry{holiday})
		}},
		"Calendar.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Calendar.Delete(ctx, "cal-b")
		}},
		"Oncall.Rotas": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Rotas(ctx, b)
		}},
		"Oncall.Rota": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Rota(ctx, "rot-b")
		}},
		"Oncall.PutRota": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.PutRota(ctx, nights(b))
		}},
		"Oncall.DeleteRota": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Oncall.DeleteRota(ctx, "rot-b")
		}},
		"Oncall.Staff": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Staff(ctx, b)
		}},
		"Oncall.Overrides": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Overrides(ctx, "rot-b", time.Time{}, time.Time{})
		}},
		"Oncall.PutOverride": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.PutOverride(ctx, g.Override{
				Rota: "rot-b",
				From: d.clock.now(),
				To:   d.clock.now().Add(time.Hour),
				Who:  "usr_b",
			})
		}},
		"Oncall.DeleteOverride": {do: func(ctx context.Context, v *registry.View) (any, error) {
			all, err := d.sys.Oncall.Overrides(ctx, "rot-b", time.Time{}, time.Time{})
			if err != nil {
				return nil, err
			}
			return v.Oncall.DeleteOverride(ctx, "rot-b", all[0].ID)
		}},
		"Oncall.Chains": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Chains(ctx, b)
		}},
		"Oncall.Lacks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Lacks(ctx, []g.Escalation{nightChain(b)})
		}},
		"Oncall.Chain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Chain(ctx, "esc-b")
		}},
		"Oncall.PutChain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.PutChain(ctx, nightChain(b))
		}},
		"Oncall.DeleteChain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Oncall.DeleteChain(ctx, "esc-b")
		}},
		"Oncall.Note": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Note(ctx, []oncall.Call{{Alert: "alt_b", School: b}})
		}},
		"Oncall.Advance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Oncall.Advance(ctx, []oncall.Move{{Was: oncall.Call{Alert: "alt_b"}}})
		}},
		"Oncall.Calls": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Calls(ctx, oncall.CallDue, "", time.Time{}, 10)
		}},
		"Oncall.Beside": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Beside(ctx, "alt_b", "usr_x")
		}},
		"Oncall.CallOf": {do: func(ctx context.Context, v *registry.View) (any, error) {
			c, _, err := v.Oncall.CallOf(ctx, "alt_b")
			return c, err
		}},
		"Oncall.Spent": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.Spent(ctx, b, []g.AlertID{"alt_b"})
		}},
		"Oncall.ForgetCalls": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Oncall.ForgetCalls(ctx, d.clock.now())
		}},
		"Alerts.Feigned": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Feigned(ctx, "alt_b")
		}},
		"Alerts.LooksOver": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.LooksOver(ctx, "alt_b")
		}},
		"Alerts.Findings": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Findings(ctx, b)
		}},
		"Rules.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.List(ctx, b)
		}},
		"Rules.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.Find(ctx, b, "own-b")
		}},
		"Rules.Versions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.Versions(ctx, b, "own-b")
		}},
		"Rules.Put": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.Put(ctx, rules.RuleVersion{School: b, ID: "new", Text: "id: new"}, 0)
		}},
		"Rules.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.Delete(ctx, b, "own-b", 1, "")
		}},
		"Rules.Restore": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Rules.Restore(ctx, b, "own-b", 1, 1, "")
		}},
		"Alerts.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Find(ctx, "alt_b")
		}},
		"Alerts.Acknowledge": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Acknowledge(ctx, "alt_b", 1, g.User{})
		}},
		"Alerts.Resolve": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Resolve(ctx, "alt_b", 1, g.User{}, "x")
		}},
		"Alerts.Silence": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Silence(ctx, "alt_b", 1, g.User{}, "x")
		}},
		"Alerts.Close": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Close(ctx, "alt_b", 1, g.User{}, "x")
		}},
		"Alerts.AcknowledgeByLink": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.AcknowledgeByLink(ctx, "alt_b", 1, g.User{})
		}},
		"Alerts.AcknowledgeFor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.AcknowledgeFor(ctx, "alt_b", 1, g.User{}, time.Minute)
		}},
		"Alerts.Unacknowledge": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Unacknowledge(ctx, "alt_b", 1, g.User{}, "")
		}},
		"Alerts.Assign": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Assign(ctx, "alt_b", 1, g.User{}, "", "")
		}},
		"Alerts.Comment": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Comment(ctx, "alt_b", g.User{}, "x")
		}},
		"Alerts.History": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.History(ctx, "alt_b", 0)
			return x, err
		}},
		"Alerts.Handlers": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Handlers(ctx, b)
		}},
		"Alerts.Do": {do: func(ctx context.Context, v *registry.View) (any, error) {
			done, err := v.Alerts.Do(ctx,
				alerts.Batch{Deed: alerts.ToAcknowledge, IDs: []g.AlertID{"alt_b"}}, g.User{})
			if err == nil && done.Outcomes[0].Err != nil {
				return nil, done.Outcomes[0].Err
			}
			return nil, err
		}},
		"Alerts.Undo": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.Alerts.Undo(ctx, "und_b", g.User{})
			return x, err
		}},
		"Alerts.ReleaseLost": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.ReleaseLost(ctx)
		}},
		"Alerts.Shelve": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Shelve(ctx, "alt_b", 1, g.User{}, time.Minute, "a reason of substance")
		}},
		"Alerts.Unshelve": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Unshelve(ctx, "alt_b", 1, g.User{}, "")
		}},
		"Alerts.PutWindow": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.PutWindow(ctx, g.Suppression{
				School:  b,
				Reason:  "a reason of substance",
				Until:   d.clock.now().Add(time.Hour),
				Devices: []g.DeviceID{d.device[b].ID},
			}, g.User{})
		}},
		"Alerts.EndSuppression": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.EndSuppression(ctx, "sup_b", g.User{})
		}},
		"Alerts.Suppression": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Suppression(ctx, "sup_b")
		}},
		"Alerts.Suppressions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.Suppressions(ctx, alerts.SuppressionFilter{})
			return x, err
		}},
		"Alerts.Hiding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Hiding(ctx, g.Alert{School: b}, d.clock.now())
		}},
		"Alerts.FollowSuppressions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.FollowSuppressions(ctx, d.clock.now())
		}},
		"Alerts.ForgetSuppressions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.ForgetSuppressions(ctx, d.clock.now())
		}},
		"Alerts.DevicesMoved": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Alerts.DevicesMoved(ctx)
		}},
		"Alerts.LapseAcks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.LapseAcks(ctx, d.clock.now())
		}},
		"Alerts.Upgrade": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Upgrade(ctx)
		}},
		"Alerts.CloseResolved": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.CloseResolved(ctx, d.clock.now())
		}},
		"Alerts.Incidents": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.Incidents(ctx, alerts.IncidentFilter{})
			return x, err
		}},
		"Alerts.Incident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Incident(ctx, "inc_b")
		}},
		"Alerts.ApproveHandover": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.ApproveHandover(ctx, "inc_b", 1, g.User{ID: "usr_b"}, true, "x")
		}},
		"Alerts.StepDone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.StepDone(ctx, "inc_b", 0, g.User{})
		}},
		"Alerts.CloseIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.CloseIncident(ctx, "inc_b", 1, g.User{}, "", "x")
		}},
		"Alerts.Log": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.Log(ctx, "inc_b", 0)
			return x, err
		}},
		"Alerts.OpenIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.OpenIncident(ctx, alerts.Opening{
				School: b,
				Title:  "x",
			}, g.User{})
		}},
		"Alerts.MoveAlerts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.MoveAlerts(ctx, "inc_b", -1, g.User{}, []g.AlertID{"alt_b"}, nil, "")
		}},
		"Alerts.MergeIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.MergeIncident(ctx, "inc_b", -1, g.User{}, "inc_c", "")
		}},
		"Alerts.SeparateIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.SeparateIncident(ctx, "inc_b", -1, g.User{}, "")
		}},
		"Alerts.Contain": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Contain(ctx, "inc_b", -1, g.User{}, "")
		}},
		"Alerts.ReopenIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.ReopenIncident(ctx, "inc_b", -1, g.User{}, "")
		}},
		"Alerts.NoteIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.NoteIncident(ctx, "inc_b", g.User{}, "x")
		}},
		"Alerts.StepAnswered": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.StepAnswered(ctx, "inc_b", 0, g.User{}, "")
		}},
		"Alerts.StepUndone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.StepUndone(ctx, "inc_b", 0, g.User{}, "")
		}},
		"Alerts.AssignStep": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.AssignStep(ctx, "inc_b", 0, g.User{}, "")
		}},
		"Alerts.Standing": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Standing(ctx, b, d.clock.now())
		}},
		"Alerts.GiveShift": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.GiveShift(ctx, b, g.User{ID: "usr_b"}, "x")
		}},
		"Alerts.TakeShift": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.TakeShift(ctx, "sft_b", 1, g.User{ID: "usr_b"}, "x")
		}},
		"Alerts.Shift": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alerts.Shift(ctx, "sft_b")
		}},
		"Alerts.Shifts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts.Shifts(ctx, "", registry.Page{})
			return x, err
		}},
		"Views.IncidentPlaces": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.IncidentPlaces(ctx, g.Incident{Alerts: []g.AlertID{"alt_b"}, Zone: gate.ID})
		}},
		"Views.PlacesOfIncidents": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.PlacesOfIncidents(ctx, []g.Incident{
				{
					ID:     "inc_b",
					Alerts: []g.AlertID{"alt_b"},
				},
			})
		}},
		"Views.IncidentReport": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Views.IncidentReport(ctx, "inc_b", false, d.clock.now())
		}},
		"Procedures.List": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.List(ctx, b)
		}},
		"Procedures.Find": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.Find(ctx, b, "fire")
		}},
		"Procedures.Versions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.Versions(ctx, b, "fire")
		}},
		"Procedures.IDs": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.IDs(ctx)
		}},
		"Procedures.Put": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.Put(ctx, b, asked(), 0, "")
		}},
		"Procedures.Delete": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Procedures.Delete(ctx, b, "fire", 1, "")
		}},
		"Procedures.Take": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Procedures.Take(ctx, nil)
		}},
		"Access.BeginOnce": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, _, err := v.Access.BeginOnce(ctx, "name", "request")
			return nil, err
		}},
		"Access.EndOnce": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Access.EndOnce(ctx, "name", access.KeptAnswer{Status: 200})
		}},
		"Outbox": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Outbox(ctx, 0, 1)
		}},
		"DeleteOutbox": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteOutbox(ctx, nil)
		}},
		"Fleet.ResetDevicePassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.Fleet.ResetDevicePassword(ctx, dev)
			return x, err
		}},
	}
	maps.Copy(table, messageCalls(d))
	return table
}

// morning is an arrival session of a school, ses-a or ses-b.
func morning(d *district, s g.School) g.Session {
	at := d.clock.now()
	return g.Session{
		ID:     g.SessionID("ses-" + string(s.ID)),
		School: s.ID,
		Kind:   g.SessionArrival,
		Name:   "Morning", Start: at.Add(-time.Hour), Due: at, End: at.Add(4 * time.Hour),
		ZoneKinds: []g.ZoneKind{g.ZoneGate},
		Who:       []g.PersonKind{g.Student},
	}
}

// roster is who is expected at a session.
func (d *district) roster(t *testing.T, s g.Session) []sessions.RosterEntry {
	t.Helper()
	all, err := d.sys.Sessions.Rosters(t.Context(), s.School, []g.Session{s}, nil)
	ok(t, err)
	return all[0].Entries
}

// fill gives school b one of everything that calls uses.
func fill(t *testing.T, d *district) {
	t.Helper()
	ctx := t.Context()
	b, at := d.b.ID, d.clock.now()
	must[g.User](t)(d.sys.Access.CreateUser(ctx,
		g.User{ID: "usr_b", School: b, Name: "b-user", Role: g.RoleAdmin, Language: "en"},
		"long enough"))
	must[g.Session](t)(d.sys.Sessions.Put(ctx, morning(d, d.b)))
	must[g.Leave](t)(d.sys.Sessions.PutLeave(ctx,
		g.Leave{ID: "lea-b", Person: d.child[b].ID, From: at, To: at.Add(time.Hour), Reason: "ill"}))
	must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx,
		[]g.Attendance{
			{
				Person:    d.child[b].ID,
				Session:   "ses-b",
				School:    b,
				Date:      "2026-09-01",
				State:     g.Arrived,
				InputHash: "1",
			},
		}, g.CauseTime))
	ok(t,
		d.sys.Sessions.Correct(ctx,
			sessions.Correction{
				Session: "ses-b",
				Person:  d.child[b].ID,
				State:   g.Excused,
				Reason:  "x",
			}))
	ok(t, d.sys.History.Apply(ctx, []g.Event{
		{
			Seq:      1,
			Kind:     g.EventSighting,
			School:   b,
			Device:   d.device[b].ID,
			Time:     at,
			Received: at,
			Sighting: &g.Sighting{ID: "sgt_b", Method: g.ByCard, Person: d.child[b].ID},
		},
		{
			Seq:      2,
			Kind:     g.EventStatus,
			School:   b,
			Device:   d.device[b].ID,
			Time:     at,
			Received: at,
			Status:   &g.Status{State: g.StateOnline},
		},
		{
			Seq:       3,
			Kind:      g.EventRejected,
			School:    b,
			Device:    d.device[b].ID,
			Time:      at,
			Received:  at,
			Rejection: &g.Rejection{Reason: "x"},
		},
		{
			Seq:       4,
			Kind:      g.EventRejected,
			Time:      at,
			Received:  at,
			Rejection: &g.Rejection{Reason: "unknown device"},
		},
		{
			Seq:        5,
			Kind:       g.EventOccurrence,
			School:     b,
			Device:     d.device[b].ID,
			Time:       at,
			Received:   at,
			Occurrence: &g.Occurrence{Kind: g.OccurrenceTamper},
		},
	}))
	ok(t,
		d.sys.History.ApplyQuality(ctx,
			history.QualityTurn{
				Turn:  1,
				Seq:   4,
				Judge: weigh,
				Rows: []g.Quality{
					{School: b, Device: d.device[b].ID, Day: "2026-09-01", Observations: 1},
				},
			}))
	ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{
		Seq:   1,
		State: []byte("state"),
		Alerts: []g.Alert{
			{
				ID:       "alt_b",
				School:   b,
				Rule:     "r",
				Severity: g.Major,
				Opened:   at,
				Person:   d.child[b].ID,
				Device:   d.device[b].ID,
				Zone:     d.gate[b].ID,
			},
		},
		Incidents: []g.Incident{
			{
				ID:       "inc_b",
				School:   b,
				Title:    "x",
				Opened:   at,
				Steps:    []g.IncidentStep{{Text: "look"}},
				Handover: g.Handover{Requested: true},
			},
		},
	}))
	must[g.Rota](t)(d.sys.Oncall.PutRota(ctx, nights(b)))
	d.visit = must[g.Visit](t)(d.sys.Visits.Register(ctx, aVisit(b, d.clock.now()))).ID
	d.muster = must[g.Muster](t)(d.sys.Musters.Start(ctx, g.Muster{School: b}, nil)).ID
	dinner := d.clock.now()
	must[g.Session](t)(d.sys.Sessions.Put(ctx, g.Session{
		School: b, Kind: g.SessionMeal, Name: "Dinner", Who: []g.PersonKind{g.Student},
		Start: dinner, Due: dinner, End: dinner.Add(time.Hour),
	}))
	d.page = must[g.VisitPage](t)(d.sys.Visits.SetPage(ctx, g.VisitPage{
		School: b,
		On:     true,
	}, false)).Code
	d.family = must[g.GuardianPage](t)(d.sys.Guardians.SetPage(ctx, g.GuardianPage{
		School: b,
		On:     true,
	}, false)).Code
	pupil := d.child[b]
	pupil.Guardian = []g.PersonID{must[g.Person](t)(d.sys.People.Create(ctx, g.Person{
		School: b,
		Kind:   g.Guardian,
		Name:   "Li Hua",
		Phone:  "13800138000",
	})).ID}
	ok(t, d.sys.People.Update(ctx, pupil))
	d.child[b] = pupil
	d.collector = must[collect.Listed](t)(d.sys.Collect.Add(ctx, aCollector(pupil, d.clock.now()))).ID
	d.request = must[g.LeaveRequest](t)(d.sys.Leave.Ask(ctx, aRequest(pupil, d.clock.now()))).ID
	d.barred = must[g.Barred](t)(d.sys.Visits.Bar(ctx, aBarred(b, d.clock.now()), "")).ID
	must[[]g.CalendarEntry](t)(d.sys.Calendar.Put(ctx, b, []g.CalendarEntry{holiday}))
	must[g.SessionPattern](t)(d.sys.Timetable.Put(ctx, aPattern(b)))
	must[g.DayTemplate](t)(d.sys.Timetable.PutTemplate(ctx, g.DayTemplate{
		ID: "tpl-b", School: b, Name: "Late", Shift: 60,
	}))
	must[g.DayTemplate](t)(d.sys.Timetable.PutTemplate(ctx, g.DayTemplate{
		ID: "tpl-free", School: b, Name: "Early", Shift: -60,
	}))
	must[g.TemplateDays](t)(d.sys.Timetable.PutDays(ctx, aLateDay(b)))
	must[g.PatternChange](t)(d.sys.Timetable.PutChange(ctx, g.PatternChange{
		Pattern: "pat-b", Date: "2026-09-02", Cancel: true,
	}))
	must[g.Override](t)(d.sys.Oncall.PutOverride(ctx, g.Override{
		Rota: "rot-b",
		From: at,
		To:   at.Add(time.Hour),
		Who:  "usr_b",
	}))
	must[g.Escalation](t)(d.sys.Oncall.PutChain(ctx, nightChain(b)))
	must[[]oncall.Call](t)(d.sys.Oncall.Note(ctx, []oncall.Call{{
		Alert:   "alt_b",
		School:  b,
		State:   oncall.CallDue,
		Chain:   "esc-b",
		Due:     at,
		Version: 1,
	}}))
	must[g.Floor](t)(d.sys.Places.PutFloor(ctx,
		g.Floor{ID: "flo_b", School: b, Building: d.gate[b].Building, Name: "Floor"}))
	own := rules.RuleVersion{School: b, ID: "own-b", Text: "id: own-b", Enabled: true}
	_, err := d.sys.Rules.Put(ctx, own, 0)
	ok(t, err)
	hook, _, err := d.sys.Hooks.Create(ctx, g.Webhook{School: b, URL: "https://x.example"})
	ok(t, err)
	ok(t,
		d.sys.Hooks.QueueDeliveries(ctx,
			[]hooks.Delivery{{Webhook: hook.ID, EventID: "e", Body: []byte("{}")}}))
	fillMessages(t, d)
	ok(t, d.sys.Deeds.PutSetting(ctx, b, "k", json.RawMessage(`"secret"`)))
}

// empty reports whether a result reveals nothing.
func empty(x any) bool {
	if x == nil {
		return true
	}
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// methodsOfView are the methods that a caller can reach from a View.
func methodsOfView() (names []string) {
	view := reflect.TypeFor[*registry.View]()
	for m := range view.Methods() {
		names = append(names, m.Name)
	}
	for part := range view.Elem().Fields() {
		if !part.IsExported() {
			continue
		}
		for m := range reflect.PointerTo(part.Type).Methods() {
			names = append(names, part.Name+"."+m.Name)
		}
	}
	return names
}

func TestEveryMethodKeepsToItsScope(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		fill(t, d)
		table := calls(d)
		if n := len(methodsOfView()); n != len(table) {
			t.Errorf("the table has %d methods, and View %d", len(table), n)
		}
		for _, name := range methodsOfView() {
			if _, ok := table[name]; !ok {
				t.Errorf("View.%s is missing in the table", name)
			}
		}
		ctx := t.Context()
		for name, c := range table {
			if x, err := c.do(ctx, d.r.In(g.Scope{})); g.ErrorCode(err) != g.Forbidden {
				t.Errorf("%s with the zero scope: got %v, %v, want forbidden", name, x, err)
			}
			if x, err := c.do(ctx,
				d.r.In(g.Scope{Permissions: g.RoleAdmin.Permissions(), Actor: "x", Reason: "x"})); g.ErrorCode(
				err) != g.Forbidden {
				t.Errorf("%s with permissions but no school: got %v, %v, want forbidden", name, x,
					err)
			}
			x, err := c.do(ctx, d.as(d.a, g.RoleAdmin))
			code := g.ErrorCode(err)
			if !c.alone &&
				(err == nil && !empty(x) ||
					err != nil && code != g.Forbidden && code != g.NotFound) {
				t.Errorf("%s of b as the admin of a: got %v, %v, want forbidden, not found or "+
					"nothing",
					name, x, err)
			}
			if x, err := c.do(ctx,
				d.r.In(g.Scope{
					School:      "no-such-school",
					Subtree:     true,
					Permissions: g.RoleAdmin.Permissions(),
					Actor:       "x",
					Reason:      "x",
				})); !c.alone && err == nil && !empty(x) {
				t.Errorf("%s as a school that is not there: got %v, want nothing", name, x)
			}
		}
	})
}

func TestEveryMethodAsksForItsPermission(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		fill(t, d)
		free := map[string]bool{
			"Places.Schools":       true,
			"Places.School":        true,
			"Places.Of":            true,
			"Places.Site":          true,
			"Places.Building":      true,
			"Places.Floor":         true,
			"Places.Zone":          true,
			"Fleet.Profiles":       true,
			"Fleet.Profile":        true,
			"Places.Setting":       true,
			"Places.PicturesTaken": true,
			"Deeds.Record":         true,
			"Deeds.RecordReload":   true,
			"Calendar.Entries":     true,
			"Calendar.Entry":       true,
			"Lockdown.Level":       true,
			"Lockdown.Levels":      true,
			"Lockdown.Standing":    true,
			"Views.FaceCounts":     true,
		}
		for name, c := range calls(d) {
			x, err := c.do(t.Context(), d.r.In(g.Scope{School: "b", Actor: "x", Reason: "x"}))
			if free[name] {
				if err != nil {
					t.Errorf("%s without permissions: got %v, want none", name, err)
				}
				continue
			}
			if g.ErrorCode(err) != g.Forbidden {
				t.Errorf("%s without permissions: got %v, %v, want forbidden", name, x, err)
			}
		}
	})
}

func TestADistrictSeesItsSchools(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		fill(t, d)
		v := d.as(d.dist, g.RoleDistrict)
		rows, _, err := v.Fleet.Devices(t.Context(), fleet.DeviceFilter{})
		ok(t, err)
		if len(rows) != 2 {
			t.Errorf("got %d devices, want 2", len(rows))
		}
		if _, err := v.People.Open(t.Context(), d.child["b"].ID); err != nil {
			t.Error(err)
		}
		rejections, _, err := v.History.Rejections(t.Context(), history.RejectionFilter{})
		ok(t, err)
		if len(rejections) != 2 {
			t.Errorf("got %d rejections, want b's and that of the unknown device", len(rejections))
		}
		// The same school without the subtree sees only itself.
		rows, _, err = d.as(d.dist, g.RoleAdmin).Fleet.Devices(t.Context(), fleet.DeviceFilter{})
		ok(t, err)
		if len(rows) != 0 {
			t.Errorf("got %v, want none", rows)
		}
	})
}
