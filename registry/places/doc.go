// Package places keeps schools, their sites, buildings, floors and zones, and each school's settings. It
// does not know the devices in a zone: operations on both are in package deeds.
package places
