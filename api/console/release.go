//go:build release

package console

import _ "embed"

// A release build stops here, at compile time, when the console has not been built: run
// `npm ci && npm run build` in api/console.
//
//go:embed dist/index.html
var _ []byte
