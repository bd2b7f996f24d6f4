// MQTT.js against the front: node script.mjs PORT VERSION. It says "restart" on its standard
// output when the front is to be restarted, waits for a line, and ends with "done".
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import mqtt from 'mqtt'

const [port, version] = process.argv.slice(2).map(Number)
const own = 'gh/v1/school/dev/'
const lines = createInterface({ input: process.stdin })
const open = new Set()

// client is an MQTT.js client with what it has received, as "topic payload", marked when retained.
async function client(id, options = {}) {
  const kept = options.clean === false && version === 5 ? { sessionExpiryInterval: 3600 } : {}
  const c = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: id, protocolVersion: version, clean: true, reconnectPeriod: 50, resubscribe: false, ...options,
    properties: kept,
  })
  c.got = []
  c.on('message', (topic, payload, packet) => c.got.push(`${topic} ${payload}${packet.retain ? ' retained' : ''}`))
  c.on('error', (err) => { console.error(id, err); process.exit(1) })
  open.add(c)
  const [connack] = await once(c, 'connect')
  c.present = connack.sessionPresent
  return c
}

async function bye(c) {
  open.delete(c)
  await c.endAsync()
}

// has waits until a client has received that many messages, and compares them with want, which is
// in the order of sending. The standard promises that order within one QoS only (MQTT5 4.6).
async function has(c, want) {
  while (c.got.length < want.length) await once(c, 'message')
  const qos = (s) => Number(/ (\d)\//.exec(s)?.[1] ?? 0)
  const sorted = (list) => [...list].sort((a, b) => qos(a) - qos(b))
  assert.deepEqual(sorted(c.got.splice(0)), sorted(want))
}

const pub = await client('dev', { clean: false })
const sub = await client('dev--sub', { clean: false })
await sub.subscribeAsync(own + 'telemetry', { qos: 2 })

for (const qos of [0, 1, 2]) {
  const want = []
  const sent = []
  for (let i = 0; i < 20; i++) {
    sent.push(pub.publishAsync(own + 'telemetry', `${qos}/${i}`, { qos }))
    want.push(`${own}telemetry ${qos}/${i}`)
  }
  await Promise.all(sent)
  await has(sub, want)
}

if (version === 5) {
  const properties = { userProperties: { unit: '°C' }, contentType: 'text/plain', messageExpiryInterval: 100, responseTopic: 'r', correlationData: Buffer.from([0, 1]) }
  const came = once(sub, 'message')
  await pub.publishAsync(own + 'telemetry', 'described', { qos: 1, properties })
  const got = (await came)[2].properties
  assert.equal(got.userProperties.unit, '°C')
  assert.equal(got.contentType, 'text/plain')
  assert.equal(got.responseTopic, 'r')
  assert.deepEqual(got.correlationData, Buffer.from([0, 1]))
  assert.ok(got.messageExpiryInterval > 90 && got.messageExpiryInterval <= 100)
  await has(sub, [`${own}telemetry described`])
  await assert.rejects(pub.publishAsync('not/its/own', 'x', { qos: 1 }), /Not authorized/)
}

await pub.publishAsync(own + 'status', 'on', { qos: 1, retain: true })
const late = await client('dev--late')
await late.subscribeAsync(own + 'status', { qos: 1 })
await has(late, [`${own}status on retained`])
await bye(late)

const lost = await client('dev--lost', { reconnectPeriod: 0, will: { topic: own + 'telemetry', payload: Buffer.from('lost'), qos: 1, retain: false } })
open.delete(lost)
lost.stream.destroy()
await has(sub, [`${own}telemetry lost`])

const group = [await client('dev--1'), await client('dev--2')]
for (const c of group) await c.subscribeAsync(`$share/g/${own}shared`, { qos: 1 })
for (let i = 0; i < 10; i++) await pub.publishAsync(own + 'shared', String(i), { qos: 1 })
while (group[0].got.length + group[1].got.length < 10) await Promise.race(group.map((c) => once(c, 'message')))
assert.deepEqual(group.map((c) => c.got.length), [5, 5])
assert.equal(new Set(group.flatMap((c) => c.got)).size, 10)
for (const c of group) await bye(c)

// The front is restarted, with one client offline and two connected.
const away = await client('dev--away', { clean: false })
await away.subscribeAsync(own + 'telemetry', { qos: 2 })
await bye(away)
const want = []
for (let i = 0; i < 6; i++) {
  await pub.publishAsync(own + 'telemetry', `${i % 2 + 1}/away ${i}`, { qos: i % 2 + 1 })
  want.push(`${own}telemetry ${i % 2 + 1}/away ${i}`)
}
await has(sub, want)
const gone = Promise.all([once(pub, 'close'), once(sub, 'close')])
const again = Promise.all([once(pub, 'connect'), once(sub, 'connect')])
const restarted = once(lines, 'line')
console.log('restart')
await gone
const waiting = []
for (let i = 0; i < 6; i++) { // MQTT.js queues them until the front is back
  waiting.push(pub.publishAsync(own + 'telemetry', `${i % 2 + 1}/meanwhile ${i}`, { qos: i % 2 + 1 }))
  want.push(`${own}telemetry ${i % 2 + 1}/meanwhile ${i}`)
}
await restarted
for (const [connack] of await again) assert.equal(connack.sessionPresent, true)
await Promise.all(waiting)
await has(sub, want.slice(6))
const back = await client('dev--away', { clean: false })
assert.equal(back.present, true)
await has(back, want)
const status = await client('dev--status')
await status.subscribeAsync(own + 'status', { qos: 1 })
await has(status, [`${own}status on retained`])

for (const c of [...open]) await bye(c)
lines.close()
console.log('done')
