// Package sim is simulated school equipment that speaks the real protocols over real
// sockets: Modbus TCP instruments, RTSP cameras that play real video, PUSH terminals over
// HTTP and MQTT devices. Vendors try their drivers against it, the demonstration is made of
// it, and the tests use it instead of hardware. A scenario file says what stands where, what
// it measures and what happens when.
//
// The package knows nothing of the gateway but addresses: it inserts nothing behind a
// socket's back. It is not a load generator.
package sim
