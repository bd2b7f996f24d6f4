// Package fleet keeps profiles and devices with their twins, credentials, commands, and fields that
// no profile knows. It refuses to speak to a device.
package fleet
