package fleet

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

func (s *area) registerCertificates() {
	const tag = "Devices"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/devices/{id}/certificates",
		ID:      "list-certificates",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "The certificates with which a device has come",
	},
		func(ctx context.Context, in *struct {
			gate.ByID
			gate.Paged
		}) (*gate.Body[gate.Page[fleet.DeviceCertificate]], error) {
			all, err := s.View(ctx).Fleet.Certificates(ctx, g.DeviceID(in.ID))
			return gate.PageOf(s.Gate, all, in.Paged, err,
				func(c fleet.DeviceCertificate) string { return c.Fingerprint })
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/devices/{id}/certificates/{fingerprint}",
		ID:      "revoke-certificate",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Revoke one certificate of a device",
		Doc:     "A connection with it ends at once.",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		Fingerprint string `path:"fingerprint" minLength:"1" maxLength:"128" doc:"The SHA-256 of the certificate, in hexadecimal."`
	}) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Fleet.RevokeCertificate(ctx, g.DeviceID(in.ID), in.Fingerprint)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/devices/{id}/revoke-certificates",
		ID:      "revoke-certificates",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Revoke every certificate of a device that was issued before now",
		Doc: "Also those with which it never came. Deleting a device does the same for its id: a " +
			"device that is created under it later needs a certificate that was issued after.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Fleet.RevokeCertificate(ctx, g.DeviceID(in.ID), "")
	})
}
