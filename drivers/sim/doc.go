// Package sim simulates school equipment that speaks the real protocols over real sockets: Modbus
// TCP instruments, RTSP cameras that play real video, PUSH terminals over HTTP and MQTT devices.
// Vendors try their drivers against it, the demonstration uses it, and so do the tests, in place of
// hardware. A scenario file lists the equipment, the values that it measures and a script of
// events.
//
// Of the gateway the package knows addresses only: everything passes through sockets. It is not a
// load generator.
package sim
