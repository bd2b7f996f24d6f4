package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Argon2id parameters: 19 MiB, 2 passes, 1 lane, the minimum of OWASP's password storage guide,
// since a small gateway has little memory.
const (
	argonMemory = 19 << 10
	argonPasses = 2
	argonLen    = 32

	maxHashers = 64 // running and waiting
)

// hashPassword hashes a password in the PHC string format. The caller has checked it with
// goodPassword. Only two hash at a time, since each takes memory; others wait, and beyond
// maxHashers it fails.
func (r *Book) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	sum, err := r.argon(
		ctx,
		password,
		salt,
		argonMemory,
		argonPasses,
	)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", argonMemory, argonPasses,
		enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

func (r *Book) argon(
	ctx context.Context, password string, salt []byte, memory, passes uint32,
) ([]byte, error) {
	defer r.hashers.Add(-1)
	if r.hashers.Add(1) > maxHashers {
		return nil, g.Errorf(g.Unavailable,
			"too many people sign in at this moment: try again in a few seconds")
	}
	select {
	case r.hashing <- struct{}{}:
		defer func() { <-r.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey(
		[]byte(password),
		salt,
		passes,
		memory,
		1,
		argonLen,
	), nil
}

// passwordFits compares in constant time. hash is argon2id in PHC format, or bcrypt; "" fits
// nothing, and takes as long as a real one.
func (r *Book) passwordFits(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > 1000 {
		return false, nil
	}
	if strings.HasPrefix(hash, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
	}
	var memory, passes uint32 = argonMemory, argonPasses
	salt, want := make([]byte, 16), []byte(nil)
	if parts := strings.Split(hash, "$"); len(parts) == 6 && parts[1] == "argon2id" {
		if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &memory, &passes); err != nil ||
			memory > 1<<20 || passes == 0 || passes > 100 {
			return false, fmt.Errorf("read password hash: bad parameters %q", parts[3])
		}
		var err1, err2 error
		salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
		want, err2 = base64.RawStdEncoding.DecodeString(parts[5])
		if err1 != nil || err2 != nil {
			return false, fmt.Errorf("read password hash: bad base64")
		}
	}
	got, err := r.argon(
		ctx,
		password,
		salt,
		memory,
		passes,
	)
	if err != nil {
		return false, err
	}
	return len(want) > 0 && subtle.ConstantTimeCompare(got, want) == 1, nil
}
