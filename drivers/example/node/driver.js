#!/usr/bin/env node
// A complete driver in JavaScript, for a thermometer with a door and a card reader, over HTTP:
//
//   GET  http://10.0.0.9/status.json  ->  {"temperature": 21.5, "door": "closed", "card": "04A1B2C3"}
//   POST http://10.0.0.9/door             {"open": true}
//
// While a card is on the reader and the door is closed, the driver asks the gateway whether its
// holder may pass.
//
// Copy it and change what concerns the thermometer: PROFILE, DESCRIPTION and Thermometer. The rest
// implements the driver contract, which drivers/driverpb/README.md describes, for any equipment.

import { lookup } from 'node:dns/promises'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'
import selfsigned from 'selfsigned'

const here = path.dirname(fileURLToPath(import.meta.url))

// ---- the thermometer ------------------------------------------------------------------------

// What the device can report and do. The gateway rejects anything else and shows why.
const PROFILE = {
  id: 'example-node-thermometer',
  title: 'Thermometer with a door (Node.js)',
  title_zh: '带门磁的温度计（Node.js）',
  type: 'sensor',
  properties: {
    temperature: { title: 'Temperature', title_zh: '温度', type: 'number', unit: 'Cel' },
    door: { title: 'Door', title_zh: '门', type: 'string', enum: ['open', 'closed'] },
  },
  sightings: ['card'],
  no_answer: 'deny',
  actions: { open: { title: 'Open the door', title_zh: '开门' } },
  events: {
    door: { title: 'The door moved', title_zh: '门动作', data: { state: { type: 'string' } } },
  },
}

const DESCRIPTION = {
  name: 'example-node',
  title: 'Example thermometer in JavaScript',
  title_zh: '示例温度计（JavaScript）',
  version: '1.0.0',
  address: [
    { key: 'host', title: 'Host', title_zh: '主机', kind: 'host', required: true, help: 'host or host:port' },
    { key: 'every', title: 'Seconds between two readings', title_zh: '读数间隔（秒）', default: '10' },
  ],
  profiles: [Buffer.from(JSON.stringify(PROFILE))],
  commands: true,
}

// Why a device cannot be reached: a reason code, its params, and a sentence.
class Away extends Error {
  constructor(code, sentence, params) {
    super(sentence)
    this.cause = { code, params }
  }
}

// One device of the gateway.
class Thermometer {
  constructor(device) {
    this.device = device
    this.door = undefined
    this.card = undefined // on the reader
    this.noAnswer = JSON.parse(device.profile).no_answer ?? 'deny'
  }

  // Seconds between two readings. The gateway does not check addresses: this does.
  every() {
    const said = this.device.address.every || '10'
    const seconds = Number(said)
    const text = `every is a number of seconds, not ${said}`
    if (Number.isNaN(seconds)) throw new Away('other', text, { text })
    return Math.min(Math.max(seconds, 0.05), 3600)
  }

  // Queries the thermometer once and returns the observations for the gateway.
  async read(signal) {
    const said = JSON.parse(await this.ask('GET', '/status.json', undefined, signal))
    const device = this.device.id
    const values = { temperature: { number: said.temperature }, door: { text: said.door } }
    const out = [{ device, reading: { values } }]
    if (this.door !== undefined && this.door !== said.door) {
      out.push({ device, occurrence: { kind: 'door', data: { state: { text: said.door } } } })
    }
    this.door = said.door
    this.card = said.card
    return out
  }

  async open() {
    await this.ask('POST', '/door', JSON.stringify({ open: true }))
  }

  // One HTTP request, with at most 5 s and 64 KiB of response.
  async ask(method, where, body, signal) {
    const address = this.device.address.host
    try {
      const url = new URL('http://' + address + where)
      const ip = await this.allowed(url.hostname)
      const headers = { Host: url.host } // the name, although the connection goes to the checked address
      const [status, text] = await this.request(
        { method, host: ip, port: url.port || 80, path: where, headers, signal },
        body,
      )
      if (status < 300) return text
      throw new Away('odd_answer', `${address} answers ${status} to ${where}`, {
        address,
        protocol: 'HTTP',
        detail: String(status),
      })
    } catch (error) {
      if (error instanceof Away) throw error
      const text = `the thermometer at ${address}: ${error.message}`
      throw new Away('other', text, { text })
    }
  }

  request(options, body) {
    return new Promise((resolve, reject) => {
      const timeout = AbortSignal.timeout(5000)
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
      const request = http.request({ ...options, signal, agent: false }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part) => {
          text += part
          if (text.length > 65536) request.destroy(new Error('it answers more than 64 KiB'))
        })
        answer.on('end', () => resolve([answer.statusCode, text]))
        answer.on('error', reject)
      })
      request.on('error', reject)
      request.on('socket', (socket) => {
        socket.once('connect', () => {
          const reach = this.device.reach
          if (reach && !reach.this_machine && socket.localAddress === socket.remoteAddress) {
            request.destroy(new Error('the gateway does not allow drivers to connect to its own machine'))
            return
          }
          request.end(body)
        })
      })
    })
  }

  // Resolves a host to an address that the gateway allows to connect to: a name may resolve
  // differently than when it was registered.
  async allowed(host) {
    const { address, family } = await lookup(host.replace(/^\[|\]$/g, ''))
    const reach = this.device.reach
    if (!reach) return address
    const kind = family === 6 ? 'ipv6' : 'ipv4'
    if (
      (!reach.this_machine && LOOPBACK.check(address, kind)) ||
      (!reach.link_local && LINK_LOCAL.check(address, kind)) ||
      MULTICAST.check(address, kind)
    ) {
      throw new Error(`the gateway does not allow drivers to connect to ${address}`)
    }
    return address
  }
}

// BlockList matches an IPv4-mapped IPv6 address (::ffff:127.0.0.1) against the IPv4 subnets.
const networks = (...list) => {
  const out = new net.BlockList()
  for (const [address, bits, kind] of list) out.addSubnet(address, bits, kind)
  return out
}
const LOOPBACK = networks(['127.0.0.0', 8, 'ipv4'], ['0.0.0.0', 8, 'ipv4'], ['::', 127, 'ipv6'])
const LINK_LOCAL = networks(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6'])
const MULTICAST = networks(['224.0.0.0', 4, 'ipv4'], ['ff00::', 8, 'ipv6'])

// ---- the contract ---------------------------------------------------------------------------

const COOKIE = '2d6b8f5e0c1947a3'
const KNOWN = [1, 2] // versions of the contract that this driver speaks
const MOST_BATCHES = 256 // of at most 4 observations each: a window of 1,024
const MOST_MESSAGE = 16 << 20

class Ended extends Error {}

// The one stream to the gateway: it sends batches and receives acknowledgements.
class Session {
  constructor(stream, version) {
    this.stream = stream
    this.version = version
    this.waiting = new Map() // by batch: the promise of its acknowledgement
    this.asked = new Map() // by question: the promise of its answer
    this.queue = [] // callers that wait for room for a batch
    this.last = 0 // the last number of a batch or question
    this.over = false
  }

  // Resolves once the observations, at most 4, are on the gateway's disk.
  async emit(observations) {
    for (;;) {
      while (!this.over && this.waiting.size >= MOST_BATCHES) {
        await new Promise((resolve) => this.queue.push(resolve))
      }
      if (this.over) throw new Ended()
      const id = ++this.last
      const error = await new Promise((resolve, reject) => {
        this.waiting.set(String(id), { resolve, reject })
        this.stream.write({ batch: { id, observations } })
      })
      if (!error) return
      console.error('the gateway did not take a batch:', error.message)
      await sleep(1000) // then try again
    }
  }

  acknowledged(ack) {
    this.waiting.get(ack.batch)?.resolve(ack.error)
    this.waiting.delete(ack.batch)
    this.queue.shift()?.()
  }

  // Resolves to the gateway's answer, or to undefined if there is none within 100 ms.
  async ask(device, method, credential) {
    if (this.over || this.version < 2) return undefined
    const id = ++this.last
    const answer = new Promise((resolve) => this.asked.set(String(id), resolve))
    this.stream.write({ ask: { id, device, method, credential } })
    const said = await Promise.race([answer, sleep(100)])
    this.asked.delete(String(id))
    return said
  }

  answered(answer) {
    this.asked.get(answer.id)?.(answer) // otherwise it is late: drop it
  }

  end() {
    if (this.over) return
    this.over = true
    for (const { reject } of this.waiting.values()) reject(new Ended())
    for (const resolve of this.queue) resolve()
    this.stream.end()
  }
}

// Waits for ms milliseconds or until signal is aborted.
const sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })

// Serves one device until letGo, and begins when before, the end of what served it until now, has
// come: a device is never served twice at a time. It reports the device online and offline itself:
// the gateway only knows whether the program runs.
class Served {
  constructor(session, device, before) {
    this.session = session
    this.device = device
    this.thermometer = new Thermometer(device)
    this.gone = new AbortController()
    this.done = Promise.resolve(before).then(() => this.run())
  }

  letGo() {
    this.gone.abort()
    this.pause?.abort()
    return this.done
  }

  // Ends the wait, so that the thermometer is read now.
  wake() {
    this.pause?.abort()
  }

  status(status) {
    return this.session.emit([{ device: this.device.id, status }])
  }

  // Opens the door if the gateway allows it. Without an answer the profile's no_answer decides; a
  // pass allowed by it is reported.
  async admit(card) {
    const answer = await this.session.ask(this.device.id, 'card', card)
    if (!answer && this.thermometer.noAnswer === 'allow') {
      await this.thermometer.open()
      await this.session.emit([{ device: this.device.id, occurrence: { kind: 'unanswered' } }])
    } else if (answer?.allow) {
      await this.thermometer.open()
      this.wake()
    }
  }

  async run() {
    let online
    let pause = 1
    while (!this.gone.signal.aborted) {
      this.pause = new AbortController()
      try {
        const every = this.thermometer.every()
        const found = await this.thermometer.read(this.gone.signal)
        if (!online) await this.status({ state: 'online' })
        await this.session.emit(found)
        online = true
        pause = 1
        if (this.thermometer.card && this.thermometer.door === 'closed') await this.admit(this.thermometer.card)
        await sleep(every * 1000, this.pause.signal)
      } catch (error) {
        if (error instanceof Ended || this.gone.signal.aborted) return
        const cause = error.cause ?? { code: 'other', params: { text: error.message } }
        try {
          if (online !== false) {
            await this.status({ state: 'offline', reason: error.message, causes: [cause] })
          }
        } catch {
          return // the session has ended
        }
        online = false
        await sleep(pause * 1000, this.pause.signal)
        pause = Math.min(2 * pause, 60)
      }
    }
  }
}

// Implements the gateway's calls; gRPC itself answers the missing ones with UNIMPLEMENTED.
class Driver {
  constructor(version) {
    this.version = version
    this.devices = new Map()
    this.leaving = new Map() // by device: the end of what served it
    this.ended = new Promise((resolve) => (this.end = resolve))
    setTimeout(() => this.session ?? this.end(), 30_000).unref() // no session: the gateway has died
  }

  describe(call, answer) {
    answer(null, { ...DESCRIPTION, contract: this.version })
  }

  async command(call, answer) {
    const { device, action } = call.request
    const served = this.devices.get(device)
    if (!served) return answer({ code: grpc.status.NOT_FOUND, details: `device ${device} is not served` })
    if (action !== 'open') {
      return answer({ code: grpc.status.NOT_FOUND, details: `there is no action ${action}; use open` })
    }
    try {
      await served.thermometer.open()
    } catch (error) {
      return answer({ code: grpc.status.INTERNAL, details: error.message })
    }
    served.wake()
    answer(null, { message: 'the door is open' })
  }

  letGo(device) {
    const served = this.devices.get(device)
    if (!served) return
    this.devices.delete(device)
    const end = served.letGo()
    this.leaving.set(device, end)
    end.then(() => this.leaving.get(device) === end && this.leaving.delete(device))
  }

  serve(stream) {
    if (this.session) return stream.end()
    const session = (this.session = new Session(stream, this.version))
    stream.on('data', async (said) => {
      switch (said.message) {
        case 'ack':
          return session.acknowledged(said.ack)
        case 'answer':
          return session.answered(said.answer)
        case 'connect':
          this.letGo(said.connect.id)
          return this.devices.set(
            said.connect.id,
            new Served(session, said.connect, this.leaving.get(said.connect.id)),
          )
        case 'disconnect':
          return this.letGo(said.disconnect)
        case 'stop': // acknowledgements are still read meanwhile
          for (const device of [...this.devices.keys()]) this.letGo(device)
          await Promise.race([Promise.all([...this.leaving.values()]), sleep(4000)])
          session.end()
          return this.end()
      }
    })
    const gone = () => (session.end(), this.end())
    stream.on('end', gone)
    stream.on('error', gone)
    stream.on('cancelled', gone)
  }
}

// The health service, without a .proto file: Check returns a HealthCheckResponse with the status
// SERVING, encoded.
const asIs = (bytes) => bytes
const HEALTH = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
}

async function main() {
  if (process.env.GATEHOUSE_DRIVER !== COOKIE) {
    console.log(
      `${DESCRIPTION.name} ${DESCRIPTION.version}: a driver for the Gatehouse gateway, which starts it. ` +
        `Name it in the gateway's configuration:\n\n  drivers:\n    - name: ${DESCRIPTION.name}\n` +
        `      path: ${path.join(here, 'driver.js')}\n      read: [${here}]`,
    )
    return
  }
  // Signals are ignored: the gateway ends the program after releasing its devices.
  process.on('SIGTERM', () => {})
  process.on('SIGINT', () => {})
  const served = process.env.PLUGIN_PROTOCOL_VERSIONS.split(',').map(Number)
  const driver = new Driver(Math.max(...served.filter((v) => KNOWN.includes(v)), KNOWN[0]))
  const identity = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 300_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  const limits = { 'grpc.max_receive_message_length': MOST_MESSAGE, 'grpc.max_send_message_length': MOST_MESSAGE }
  const server = new grpc.Server(limits)
  const read = { keepCase: true, longs: String, objects: true, oneofs: true }
  const proto = loader.loadSync(path.join(here, 'driver.proto'), read)
  server.addService(proto['gatehouse.driver.v1.Driver'], {
    Describe: driver.describe.bind(driver),
    Command: driver.command.bind(driver),
    Session: driver.serve.bind(driver),
  })
  server.addService(HEALTH, { Check: (call, answer) => answer(null, Buffer.from([8, 1])) })
  const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, 'driver.sock')
  const certificate = Buffer.from(identity.cert)
  const credentials = grpc.ServerCredentials.createSsl(
    Buffer.from(process.env.PLUGIN_CLIENT_CERT),
    [{ private_key: Buffer.from(identity.private), cert_chain: certificate }],
    true,
  )
  await new Promise((resolve, reject) =>
    server.bindAsync('unix:' + socket, credentials, (error) => (error ? reject(error) : resolve())),
  )
  const der = identity.cert.replace(/-----[^-]+-----|\s|=/g, '')
  process.stdout.write(`1|${driver.version}|unix|${socket}|grpc|${der}\n`)
  await driver.ended
  await new Promise((resolve) => (server.tryShutdown(resolve), setTimeout(resolve, 1000)))
  process.exit(0)
}

await main()
