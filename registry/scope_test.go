package registry_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// call is one View method called with things of school b.
type call struct {
	do    func(ctx context.Context, v *registry.View) (any, error)
	alone bool // belongs to no school: a foreign scope may call it
}

// calls has every method of View; a method that is missing here fails the test.
func calls(d *district) map[string]call {
	b := d.b.ID
	dev, child, gate := d.device[b].ID, d.child[b].ID, d.gate[b]
	return map[string]call{
		"Schools": {do: func(ctx context.Context, v *registry.View) (any, error) {
			all, err := v.Schools(ctx)
			for _, s := range all {
				if s.ID == b {
					return s, err
				}
			}
			return nil, err
		}},
		"School": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.School(ctx, b)
		}},
		"CreateSchool": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.CreateSchool(ctx,
					g.School{
						Parent:   "dist",
						Kind:     g.KindSchool,
						Name:     "x",
						Timezone: "UTC",
						Language: "en",
					})
			},
		},
		"UpdateSchool": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.UpdateSchool(ctx, d.b)
		}},
		"Places": {do: func(ctx context.Context, v *registry.View) (any, error) {
			p, err := v.Places(ctx, b)
			return p.Zones, err
		}},
		"Site": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := d.sys.Building(ctx, gate.Building)
			if err != nil {
				return nil, err
			}
			return v.Site(ctx, x.Site)
		}},
		"Building": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Building(ctx, gate.Building)
		}},
		"Zone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Zone(ctx, gate.ID)
		}},
		"Session": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Session(ctx, "ses-b")
		}},
		"PersonToChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PersonToChange(ctx, d.child[b].ID)
		}},
		"RotateWebhookSecret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.RotateWebhookSecret(ctx, "whk_b", time.Hour)
			return x, err
		}},
		"WebhookSecrets": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.WebhookSecrets(ctx, "whk_b", d.clock.now())
		}},
		"PutSite": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PutSite(ctx, g.Site{School: b, Name: "x"})
		}},
		"PutBuilding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PutBuilding(ctx, g.Building{School: b, Name: "x"})
		}},
		"PutZone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PutZone(ctx, gate)
		}},
		"DeleteSite": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteSite(ctx, "sit_none")
		}},
		"DeleteBuilding": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteBuilding(ctx, gate.Building)
		}},
		"DeleteZone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteZone(ctx, gate.ID)
		}},
		"Profiles": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Profiles(ctx)
		}},
		"Profile": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Profile(ctx, "sensor")
		}},
		"PutProfile": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.PutProfile(ctx, g.Profile{ID: "new", Title: "New", Type: g.TypeOther})
		}},
		"DeleteProfile": {
			alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.DeleteProfile(ctx, "new")
			},
		},
		"Devices": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.Devices(ctx, registry.DeviceFilter{School: b})
			return rows, err
		}},
		"Registered": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.Registered(ctx,
					g.Device{
						ID:      "new",
						Driver:  "camera",
						Address: map[string]string{"url": "rtsp://192.0.2.7/elsewhere"},
					})
			},
		},
		"Device": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Device(ctx, dev)
		}},
		"DeviceCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			n, _, err := v.DeviceCounts(ctx, b)
			return n, err
		}},
		"PicturesTaken": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PicturesTaken(ctx, b)
		}},
		"WeakCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.WeakCounts(ctx, b)
		}},
		"CreateDevice": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				x, _, err := v.CreateDevice(ctx,
					g.Device{School: b, Profile: "sensor", Driver: "modbus", Name: "x"}, nil)
				return x, err
			},
		},
		"UpdateDevice": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.UpdateDevice(ctx, d.device[b], nil)
		}},
		"DeleteDevice": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteDevice(ctx, dev)
		}},
		"DeviceSecret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.DeviceSecret(ctx, dev)
		}},
		"SetDesired": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.SetDesired(ctx, dev, "setpoint", g.NumberValue(20))
		}},
		"Certificates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Certificates(ctx, dev)
		}},
		"RevokeCertificate": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.RevokeCertificate(ctx, dev, "")
		}},
		"SaveCommand": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.SaveCommand(ctx, g.DeviceCommand{ID: "cmd_b", Device: dev})
		}},
		"MoveCommand": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.MoveCommand(ctx, "cmd_b", g.CommandFailed, "x")
		}},
		"ExpireCommands": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.ExpireCommands(ctx, time.Now(), func(g.DeviceCommand) string { return "x" })
		}},
		"Commands": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Commands(ctx, dev)
		}},
		"UnknownFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.UnknownFields(ctx, dev)
		}},
		"CountFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.CountFields(ctx, nil)
		}},
		"ForgetFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ForgetFields(ctx, dev)
		}},
		"AddFields": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AddFields(ctx, dev, []string{"x"}, "x-own")
		}},
		"ProfileUses": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				all, err := v.ProfileUses(ctx)
				return slices.DeleteFunc(all, func(u registry.ProfileUse) bool {
					return u.Devices == 0 || u.Profile == "sensor"
				}), err
			},
		},
		"ProfileUse": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.ProfileUse(ctx, "camera-b")
		}},
		"ApplyTwins": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ApplyTwins(ctx, nil)
		}},
		"FlappingDevices": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.FlappingDevices(ctx)
		}},
		"MarkStale": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.MarkStale(ctx, time.Now())
		}},
		"People": {do: func(ctx context.Context, v *registry.View) (any, error) {
			rows, _, err := v.People(ctx, registry.PersonFilter{School: b})
			return rows, err
		}},
		"Classes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Classes(ctx, b)
		}},
		"OpenPerson": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.OpenPerson(ctx, child)
		}},
		"Names": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Names(ctx, []g.PersonID{child})
		}},
		"CreatePerson": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.CreatePerson(ctx, g.Person{School: b, Kind: g.Staff, Name: "x"})
		}},
		"UpdatePerson": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.UpdatePerson(ctx, d.child[b])
		}},
		"DeletePerson": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeletePerson(ctx, child)
		}},
		"ImportPeople": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.ImportPeople(ctx, b, strings.NewReader("kind,number,name\nstaff,1,x\n"), true)
		}},
		"ImportRoster": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.ImportRoster(ctx, b, []byte("kind,number,name\nstaff,1,x\n"),
					registry.ImportOptions{DryRun: true})
			},
		},
		"SetLeft": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.SetLeft(ctx, child, true)
		}},
		"SetConsent": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.SetConsent(ctx, g.Consent{Person: child, Given: true, By: "x"})
		}},
		"AddCard": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AddCard(ctx, child, g.ByCard, "12345678", time.Time{})
		}},
		"AddFace": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AddFace(ctx, child, []float32{1}, "m", 1)
		}},
		"MayEnrol": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.MayEnrol(ctx, child)
		}},
		"Enrol": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				id, _, err := v.Enrol(ctx,
					registry.Enrolment{
						Person:    child,
						Embedding: []float32{1},
						Model:     "m",
						Quality:   1,
					})
				return id, err
			},
		},
		"FaceCounts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.FaceCounts(ctx, b, "m")
		}},
		"AttachPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.AttachPicture(ctx, "alt_b", "med_b")
		}},
		"KeepPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.KeepPicture(ctx, "alt_b", d.clock.now().Add(time.Hour))
		}},
		"DropPicture": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, id, err := v.DropPicture(ctx, "alt_b")
			return id, err
		}},
		"KeptPictures": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.KeptPictures(ctx, b)
		}},
		"LapsePictures": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.LapsePictures(ctx, d.clock.now())
		}},
		"DeletePass": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeletePass(ctx, "pas_b")
		}},
		"ByCredential": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, _, err := v.ByCredential(ctx, b, g.ByCard, card)
			return id, err
		}},
		"ByNumber": {do: func(ctx context.Context, v *registry.View) (any, error) {
			id, _, err := v.ByNumber(ctx, b, "20260001")
			return id, err
		}},
		"Templates": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Templates(ctx, b)
		}},
		"Users": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Users(ctx, b)
		}},
		"CreateUser": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.CreateUser(ctx,
					g.User{School: b, Name: "x", Role: g.RoleTeacher, Language: "en"},
					"long enough")
			},
		},
		"UpdateUser": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.UpdateUser(ctx,
					g.User{ID: "usr_b", Name: "x", Role: g.RoleTeacher, Language: "en"})
			},
		},
		"ChangePassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ChangePassword(ctx, "usr_b", "", "long enough")
		}},
		"SecondFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.SecondFactor(ctx, "usr_b")
		}},
		"SecondFactors": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.SecondFactors(ctx, b)
		}},
		"OwnPassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.OwnPassword(ctx, "usr_b", "long enough")
		}},
		"BeginTOTP": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, _, err := v.BeginTOTP(ctx, "usr_b", "")
			return x, err
		}},
		"ConfirmTOTP": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.ConfirmTOTP(ctx, "usr_b", "fac", "000000")
		}},
		"BeginPasskey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, err := v.BeginPasskey(ctx, "usr_b", registry.NewRelyingParty(gateAddress))
			return x, err
		}},
		"ConfirmPasskey": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.ConfirmPasskey(ctx, "usr_b", registry.NewRelyingParty(gateAddress),
					"making",
					"", nil)
			},
		},
		"NewRecoveryCodes": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.NewRecoveryCodes(ctx, "usr_b")
		}},
		"RemoveFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.RemoveFactor(ctx, "usr_b", "fac")
		}},
		"ResetSecondFactor": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ResetSecondFactor(ctx, "usr_b")
		}},
		"FactorRoles": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.FactorRoles(ctx, b)
		}},
		"PutFactorRoles": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.PutFactorRoles(ctx, b, []g.Role{g.RoleAdmin})
		}},
		"Keys": {
			do: func(ctx context.Context, v *registry.View) (any, error) { return v.Keys(ctx, b) },
		},
		"CreateKey": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				k, _, err := v.CreateKey(ctx,
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
		"Key": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Key(ctx, "key_b")
		}},
		"RevokeKey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.RevokeKey(ctx, "key_b")
		}},
		"TakeOverKey": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.TakeOverKey(ctx, "key_b")
		}},
		"TakeOverWebhook": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.TakeOverWebhook(ctx, "whk_b")
		}},
		"Webhooks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Webhooks(ctx, b)
		}},
		"CreateWebhook": {do: func(ctx context.Context, v *registry.View) (any, error) {
			w, _, err := v.CreateWebhook(ctx, g.Webhook{School: b, URL: "https://x.example"})
			return w, err
		}},
		"UpdateWebhook": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.UpdateWebhook(ctx,
					g.Webhook{ID: "whk_b", School: b, URL: "https://x.example"})
			},
		},
		"MoveWebhook": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.MoveWebhook(ctx, g.Webhook{ID: "whk_b", School: b, URL: "https://y.example"})
		}},
		"DeleteWebhook": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteWebhook(ctx, "whk_b")
		}},
		"WebhookSecret": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.WebhookSecret(ctx, "whk_b")
		}},
		"QueueDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.QueueDeliveries(ctx, nil)
		}},
		"DueDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.DueDeliveries(ctx, "whk_b", d.clock.now(), 1)
		}},
		"WaitingAfter": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.WaitingAfter(ctx, registry.Delivery{Webhook: "whk_b", Subject: "s"}, 1)
		}},
		"DueWebhooks": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.DueWebhooks(ctx, d.clock.now())
		}},
		"PostponeDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.PostponeDeliveries(ctx, "whk_b", d.clock.now())
		}},
		"DeliveredSince": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.DeliveredSince(ctx, "whk_b", d.clock.now())
		}},
		"SaveDelivery": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.SaveDelivery(ctx, registry.Delivery{})
		}},
		"TrimDeliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.TrimDeliveries(ctx, d.clock.now())
		}},
		"Deliveries": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Deliveries(ctx, "whk_b", registry.Page{})
			return x, err
		}},
		"Redeliver": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Redeliver(ctx, 1)
		}},
		"Setting": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Setting(ctx, b, "k")
			return x, err
		}},
		"PutSetting": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.PutSetting(ctx, b, "k", json.RawMessage(`1`))
		}},
		"Audit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Audit(ctx, registry.AuditFilter{School: b})
			return x, err
		}},
		"Record": {alone: true, do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.Record(ctx, "test", "x")
		}},
		"NoteRules": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.NoteRules(ctx, nil)
		}},
		"AnchorAudit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AnchorAudit(ctx)
		}},
		"VerifyAudit": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.VerifyAudit(ctx)
		}},
		"Sessions": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Sessions(ctx, b, time.Time{}, time.Time{})
		}},
		"PutSession": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PutSession(ctx, morning(d, d.b))
		}},
		"DeleteSession": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteSession(ctx, "ses-b")
		}},
		"Leaves": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leaves(ctx, b, time.Time{}, time.Time{})
		}},
		"Leave": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Leave(ctx, "lea-b")
		}},
		"LeaveToChange": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.LeaveToChange(ctx, "lea-b")
		}},
		"PutLeave": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return v.PutLeave(ctx,
					g.Leave{Person: child, From: d.clock.now(), To: d.clock.now().Add(1)})
			},
		},
		"DeleteLeave": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteLeave(ctx, "lea-b")
		}},
		"Roster": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Roster(ctx, morning(d, d.b))
		}},
		"Attendance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Attendance(ctx, registry.AttendanceFilter{School: b})
			return x, err
		}},
		"AttendanceSummary": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.AttendanceSummary(ctx, "ses-b")
		}},
		"PutAttendance": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.PutAttendance(ctx, nil)
		}},
		"Correct": {
			do: func(ctx context.Context, v *registry.View) (any, error) {
				return nil, v.Correct(ctx,
					registry.Correction{
						Session: "ses-b",
						Person:  child,
						State:   g.Arrived,
						Reason:  "x",
					})
			},
		},
		"Corrections": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Corrections(ctx, "ses-b")
		}},
		"ApplyHistory": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ApplyHistory(ctx, nil)
		}},
		"Sightings": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Sightings(ctx, registry.SightingFilter{Device: dev})
			return x, err
		}},
		"Rejections": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Rejections(ctx, registry.RejectionFilter{})
			return x, err
		}},
		"StatusLog": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.StatusLog(ctx, dev, registry.Page{})
			return x, err
		}},
		"RejectionContent": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.RejectionContent(ctx, 1)
		}},
		"SealKept": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.SealKept(ctx, b, []byte("x"))
		}},
		"UnresolvedPassages": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.UnresolvedPassages(ctx, b, 0, 1)
		}},
		"ResolvePassages": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ResolvePassages(ctx, b, map[uint64]g.PersonID{1: "x"})
		}},
		"SightingsBetween": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.SightingsBetween(ctx, b, time.Time{}, time.Time{}, nil)
		}},
		"TrimHistory": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.TrimHistory(ctx, b, d.clock.now())
		}},
		"ApplyQuality": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ApplyQuality(ctx, registry.QualityTurn{})
		}},
		"QualityState": {do: func(ctx context.Context, v *registry.View) (any, error) {
			turn, _, _, err := v.QualityState(ctx)
			return turn, err
		}},
		"SightingSeqs": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.SightingSeqs(ctx, []g.SightingID{"sgt_b"})
		}},
		"QualityDays": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.QualityDays(ctx, registry.QualityFilter{})
		}},
		"Quality": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Quality(ctx, registry.QualityFilter{Device: dev})
			return x, err
		}},
		"ApplyEffects": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.ApplyEffects(ctx, registry.Effects{})
		}},
		"RulesState": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, x, _, err := v.RulesState(ctx)
			return x, err
		}},
		"Alerts": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Alerts(ctx, registry.AlertFilter{})
			return x, err
		}},
		"Alert": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Alert(ctx, "alt_b")
		}},
		"Acknowledge": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Acknowledge(ctx, "alt_b", 1, g.User{})
		}},
		"Resolve": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Resolve(ctx, "alt_b", 1, g.User{}, "x")
		}},
		"CloseAlert": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.CloseAlert(ctx, "alt_b", 1, g.User{}, "x")
		}},
		"CloseResolved": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.CloseResolved(ctx, d.clock.now())
		}},
		"Incidents": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, _, err := v.Incidents(ctx, registry.IncidentFilter{})
			return x, err
		}},
		"Incident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Incident(ctx, "inc_b")
		}},
		"ApproveHandover": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.ApproveHandover(ctx, "inc_b", 1, g.User{ID: "usr_b"}, true, "x")
		}},
		"StepDone": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.StepDone(ctx, "inc_b", 0, g.User{})
		}},
		"CloseIncident": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.CloseIncident(ctx, "inc_b", 1, g.User{}, "x")
		}},
		"BeginOnce": {do: func(ctx context.Context, v *registry.View) (any, error) {
			_, _, err := v.BeginOnce(ctx, "name", "request")
			return nil, err
		}},
		"EndOnce": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.EndOnce(ctx, "name", registry.KeptAnswer{Status: 200})
		}},
		"Outbox": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return v.Outbox(ctx, 0, 1)
		}},
		"DeleteOutbox": {do: func(ctx context.Context, v *registry.View) (any, error) {
			return nil, v.DeleteOutbox(ctx, nil)
		}},
		"ResetDevicePassword": {do: func(ctx context.Context, v *registry.View) (any, error) {
			x, err := v.ResetDevicePassword(ctx, dev)
			return x, err
		}},
	}
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

// fill gives school b one of everything that calls looks for.
func fill(t *testing.T, d *district) {
	t.Helper()
	ctx := t.Context()
	b, at := d.b.ID, d.clock.now()
	must[g.User](t)(d.sys.CreateUser(ctx,
		g.User{ID: "usr_b", School: b, Name: "b-user", Role: g.RoleAdmin, Language: "en"},
		"long enough"))
	must[g.Session](t)(d.sys.PutSession(ctx, morning(d, d.b)))
	must[g.Leave](t)(d.sys.PutLeave(ctx,
		g.Leave{ID: "lea-b", Person: d.child[b].ID, From: at, To: at.Add(time.Hour)}))
	must[[]g.Attendance](t)(d.sys.PutAttendance(ctx,
		[]g.Attendance{
			{
				Person:    d.child[b].ID,
				Session:   "ses-b",
				School:    b,
				Date:      "2026-09-01",
				State:     g.Arrived,
				InputHash: "1",
			},
		}))
	ok(t,
		d.sys.Correct(ctx,
			registry.Correction{
				Session: "ses-b",
				Person:  d.child[b].ID,
				State:   g.Excused,
				Reason:  "x",
			}))
	ok(t, d.sys.ApplyHistory(ctx, []g.Event{
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
	}))
	ok(t,
		d.sys.ApplyQuality(ctx,
			registry.QualityTurn{
				Turn:  1,
				Seq:   4,
				Judge: weigh,
				Rows: []g.Quality{
					{School: b, Device: d.device[b].ID, Day: "2026-09-01", Observations: 1},
				},
			}))
	ok(t, d.sys.ApplyEffects(ctx, registry.Effects{
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
	hook, _, err := d.sys.CreateWebhook(ctx, g.Webhook{School: b, URL: "https://x.example"})
	ok(t, err)
	ok(t,
		d.sys.QueueDeliveries(ctx,
			[]registry.Delivery{{Webhook: hook.ID, EventID: "e", Body: []byte("{}")}}))
	ok(t, d.sys.PutSetting(ctx, b, "k", json.RawMessage(`"secret"`)))
}

// empty says whether an answer betrays nothing.
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

func TestEveryMethodKeepsToItsScope(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		fill(t, d)
		table := calls(d)
		typ := reflect.TypeFor[*registry.View]()
		for m := range typ.Methods() {
			if _, ok := table[m.Name]; !ok {
				t.Errorf("View.%s is missing in the table", m.Name)
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
			"Schools":       true,
			"School":        true,
			"Places":        true,
			"Site":          true,
			"Building":      true,
			"Zone":          true,
			"Profiles":      true,
			"Profile":       true,
			"Setting":       true,
			"PicturesTaken": true,
			"Record":        true,
			"FaceCounts":    true,
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
		rows, _, err := v.Devices(t.Context(), registry.DeviceFilter{})
		ok(t, err)
		if len(rows) != 2 {
			t.Errorf("got %d devices, want 2", len(rows))
		}
		if _, err := v.OpenPerson(t.Context(), d.child["b"].ID); err != nil {
			t.Error(err)
		}
		rejections, _, err := v.Rejections(t.Context(), registry.RejectionFilter{})
		ok(t, err)
		if len(rejections) != 2 {
			t.Errorf("got %d rejections, want b's and that of the unknown device", len(rejections))
		}
		// The same school without the subtree sees only itself.
		rows, _, err = d.as(d.dist, g.RoleAdmin).Devices(t.Context(), registry.DeviceFilter{})
		ok(t, err)
		if len(rows) != 0 {
			t.Errorf("got %v, want none", rows)
		}
	})
}
