// Package app is the gateway put together: it opens the stores, starts the drivers, the MQTT
// listener, the cursors behind the journal and the API, and stops them in the reverse order.
// It decides nothing that one of those could decide itself.
package app
