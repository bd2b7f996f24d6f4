package api

// words describes fields in the document, as the gate's Words takes them: those of
// the gateway's health.
const words = `
GatewayStatus.uptime_s: Seconds since the start.
GatewayStatus.checks: What was checked.
GatewayStatus.journal: Figures of the journal.
GatewayStatus.mqtt: Figures of the MQTT front.
GatewayStatus.drivers: Figures of the drivers.
GatewayStatus.disk: Space for the gateway's data.
GatewayStatus.clock: The gateway's clock.
GatewayStatus.cursors: The journal's readers.
GatewayStatus.connections: Figures of the connections to the console and the API, of what was refused, and of
	open files.
GatewayStatus.version: The gateway's version.
DiskStatus.free_bytes: Free space in bytes.
DiskStatus.total_bytes: Space in bytes.
ClockStatus.offset_ms: How far the clock is off, in milliseconds.
CursorLag.lag: Events that it has not seen yet.
Check.state: ok, warning or critical.
Check.name: What was checked.
`
