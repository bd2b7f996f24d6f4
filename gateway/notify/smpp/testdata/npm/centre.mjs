// A message centre on a free port of 127.0.0.1, for the tests: npm's smpp. What it does with a message
// follows from the last two digits of the number. It writes a line of JSON for its port, each message
// and what else happens, and reads commands, one a line: enquire, unbind, kick, receipts.
import { createInterface } from 'node:readline'
import smpp from 'smpp'

const { TLS_KEY: key, TLS_CERT: cert } = process.env
const say = (x) => console.log(JSON.stringify(x))
const sessions = new Set()
const held = [] // receipts that wait for the command
const tries = {}
let made = 0xa0

const answers = {
  '02': (n) => (n === 1 ? smpp.ESME_RTHROTTLED : 0),
  '03': () => smpp.ESME_RINVDSTADR,
  '08': (n) => (n === 2 ? smpp.ESME_RTHROTTLED : 0), // the second part of a letter
  '09': () => smpp.ESME_RINVSRCADR,
}

function receipt(session, pdu, id, state) {
  const name = process.env.IDS === 'decimal' ? String(parseInt(id, 16)) : id
  return (then) =>
    session.deliver_sm(
      {
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: 4,
        short_message: `id:${name} sub:001 dlvrd:001 submit date:2611280800 done date:2611280801 stat:${state} err:0${state === 'DELIVRD' ? '00' : '34'} text:id:7 stat:UNDELIV`,
      },
      (resp) => then?.(resp),
    )
}

function submitted(session, pdu) {
  const to = pdu.destination_addr
  const what = to.slice(-2)
  const parts = pdu.short_message.udh?.[0]
  const n = (tries[to] = (tries[to] ?? 0) + 1)
  say({
    to,
    ton: pdu.dest_addr_ton,
    from: pdu.source_addr,
    fromTON: pdu.source_addr_ton,
    coding: pdu.data_coding,
    text: pdu.message_payload?.message ?? pdu.message_payload ?? pdu.short_message.message,
    payload: pdu.message_payload !== undefined,
    registered: pdu.registered_delivery,
    reference: parts?.[2] ?? 0,
    total: parts?.[3] ?? 0,
    part: parts?.[4] ?? 0,
    bytes: pdu.command_length,
  })
  if (what === '04') return // it never answers
  if (what === '05') return session.destroy()
  const status = answers[what]?.(n) ?? 0
  if (status) return session.send(pdu.response({ command_status: status }))
  const id = (made++).toString(16)
  session.send(pdu.response({ message_id: id }))
  if (what === '00') receipt(session, pdu, id, 'DELIVRD')()
  if (what === '01') receipt(session, pdu, id, 'UNDELIV')()
  if (what === '07') held.push(receipt(session, pdu, id, 'DELIVRD'))
}

const server = smpp.createServer(key ? { key, cert } : {}, (session) => {
  sessions.add(session)
  session.on('close', () => sessions.delete(session))
  session.on('error', () => sessions.delete(session))
  session.on('bind_transceiver', (pdu) => {
    const ok = pdu.system_id === 'gate' && pdu.password === 'right'
    say({ bind: pdu.system_id, ok, version: pdu.interface_version })
    if (pdu.system_id === 'mute') return
    session.send(pdu.response({ command_status: ok ? 0 : smpp.ESME_RINVPASWD, system_id: 'centre' }))
  })
  session.on('enquire_link', (pdu) => {
    say({ enquired: true })
    session.send(pdu.response())
  })
  session.on('unbind', (pdu) => {
    say({ unbound: true })
    session.send(pdu.response())
    session.close()
  })
  session.on('submit_sm', (pdu) => submitted(session, pdu))
})
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))

createInterface({ input: process.stdin }).on('line', (line) => {
  for (const s of sessions) {
    if (line === 'enquire') s.enquire_link({}, () => say({ answered: 'enquire_link' }))
    if (line === 'unbind') s.unbind({}, () => say({ answered: 'unbind' }))
    if (line === 'odd') s.query_sm({ message_id: '1' }, (r) => say({ answered: r.command, status: r.command_status }))
    if (line === 'kick') s.destroy()
  }
  if (line === 'receipts') for (const r of held.splice(0)) r((resp) => say({ receipt: resp.command_status }))
})
