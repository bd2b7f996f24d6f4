// Package fleet keeps profiles and devices with their twins, credentials, commands, and unknown
// fields. It does not communicate with devices.
package fleet
