package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

func (s *Server) registerCertificates() {
	const tag = "Devices"
	handle(s, endpoint{method: "GET", path: "/v1/devices/{id}/certificates", id: "list-certificates", tag: tag, perm: g.DevicesRead, summary: "The certificates with which a device has come"},
		func(ctx context.Context, in *struct {
			ByID
			Paged
		}) (*body[page[registry.DeviceCertificate]], error) {
			all, err := s.view(ctx).Certificates(ctx, g.DeviceID(in.ID))
			return paged(s, all, in.Paged, err, func(c registry.DeviceCertificate) string { return c.Fingerprint })
		})
	handle(s, endpoint{method: "DELETE", path: "/v1/devices/{id}/certificates/{fingerprint}", id: "revoke-certificate", tag: tag, perm: g.DevicesWrite, summary: "Revoke one certificate of a device",
		doc: "A connection with it ends at once."}, func(ctx context.Context, in *struct {
		ByID
		Fingerprint string `path:"fingerprint" minLength:"1" maxLength:"128" doc:"The SHA-256 of the certificate, in hexadecimal."`
	}) (*none, error) {
		return &none{}, s.view(ctx).RevokeCertificate(ctx, g.DeviceID(in.ID), in.Fingerprint)
	})
	handle(s, endpoint{method: "POST", path: "/v1/devices/{id}/revoke-certificates", id: "revoke-certificates", tag: tag, perm: g.DevicesWrite, summary: "Revoke every certificate of a device that was issued before now",
		doc: "Also those with which it never came. Deleting a device does the same for its id: a device that is created under it later needs a certificate that was issued after."}, func(ctx context.Context, in *ByID) (*none, error) {
		return &none{}, s.view(ctx).RevokeCertificate(ctx, g.DeviceID(in.ID), "")
	})
}
