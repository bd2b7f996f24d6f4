package host

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// certificateEnv is the environment variable in which go-plugin hands the host's certificate to a
// program. The program then accepts no other client, and sends its own certificate in the
// handshake.
const certificateEnv = "PLUGIN_CLIENT_CERT"

// hostCertificate makes the host's key and certificate (PEM) for one run of a program. The ones
// that go-plugin makes use the curve P-521, which some TLS libraries refuse, among them gRPC for
// Python before 1.60.
func hostCertificate(now time.Time) (config *tls.Config, certificate string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, "", fmt.Errorf("make a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			CommonName:   "localhost",
			Organization: []string{"Gatehouse"},
		},
		DNSNames:              []string{"localhost"},
		NotBefore:             now.Add(-24 * time.Hour), // tolerates clocks that differ
		NotAfter:              now.AddDate(30, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(
		rand.Reader,
		template,
		template,
		key.Public(),
		key,
	)
	if err != nil {
		return nil, "", fmt.Errorf("make a certificate: %w", err)
	}
	config = &tls.Config{
		Certificates: []tls.Certificate{{
			Certificate: [][]byte{der},
			PrivateKey:  key,
		}},
		MinVersion: tls.VersionTLS12,
		ServerName: "localhost",
		// Nothing is trusted until the program has sent its certificate, the only one trusted then.
		RootCAs: x509.NewCertPool(),
	}
	return config, string(pem.EncodeToMemory(&pem.Block{
		Type:  "CERTIFICATE",
		Bytes: der,
	})), nil
}
