// Shelves and maintenance windows of the made-up school. They begin at once and end by hand.

import * as d from './data.mjs'

const all = []
let n = 0

const none = () => ({ critical: 0, major: 0, warning: 0, info: 0 })
const unresolved = (a) => a.state === 'open' || a.state === 'acknowledged'

/** Alerts that are not over and kept off the wall, counted. */
export function hiddenTallies(alerts) {
  const out = { shelf: none(), window: none(), silenced: none() }
  for (const a of alerts) {
    if (a.hidden && unresolved(a)) out[a.hidden.kind][a.severity]++
    if (a.state === 'resolved' && a.firing) out.silenced[a.severity]++
  }
  return out
}

/** Whether an alert fits the filters of the list that are about hiding. */
export function hiddenAs(q, a) {
  const by = q.get('hidden')
  const fits = !by || (by === 'none' ? !a.hidden : by === 'any' ? a.hidden : a.hidden?.kind === by)
  return fits && (!q.get('suppression') || a.hidden?.suppression === q.get('suppression'))
}

function made(me, b) {
  const now = d.iso(Date.now())
  const s = {
    id: 'sup_' + ++n,
    school: d.school.id,
    by: me.user.id,
    by_name: me.user.full_name,
    made: now,
    from: now,
    up_to: 'major',
    rules: [],
    devices: [],
    zones: [],
    buildings: [],
    properties: [],
    changed: now,
    version: 1,
    ...b,
  }
  all.unshift(s)
  return s
}

function hide(a, s) {
  a.hidden = {
    suppression: s.id,
    kind: s.kind,
    reason: s.reason,
    by: s.by,
    by_name: s.by_name,
    since: d.iso(Date.now()),
    until: s.until,
    set: s.changed,
  }
}

/** Puts an alert on a shelf; the answer is why not. */
export function shelve(a, minutes, reason, me) {
  if (!unresolved(a)) return 'it is over'
  const until = d.iso(Date.now() + minutes * d.minute)
  const rest = a.device ? { rules: [a.rule], devices: [a.device] } : {}
  hide(a, made(me, { kind: 'shelf', alert: a.id, reason, until, up_to: a.severity, ...rest }))
}

/** Takes the shelf back on which an alert lies; the answer is why not. */
export function unshelve(a) {
  const s = all.find((x) => x.id === a?.hidden?.suppression)
  if (!s || s.kind !== 'shelf') return 'the alert is not shelved'
  s.ended = d.iso(Date.now())
  delete a.hidden
}

/** The shelf of an alert holds again. */
export function reshelve(a) {
  const s = all.find((x) => x.id === a.hidden?.suppression)
  if (s) delete s.ended
}

const stateOf = (s) =>
  s.ended || Date.parse(s.until) <= Date.now()
    ? 'over'
    : Date.parse(s.from) > Date.now()
      ? 'planned'
      : 'active'

function row(s) {
  const state = stateOf(s)
  const hides = d.alerts.filter((a) => a.hidden?.suppression === s.id && unresolved(a)).length
  return {
    gone: s.devices
      .filter((id) => !d.devices.some((x) => x.id === id))
      .map((id) => ({ what: 'device', id, name: id })),
    ...s,
    state,
    hides,
    hid: Math.max(hides, s.hid ?? 0),
    holds_until: state === 'active' ? s.until : undefined,
    holds_next: state === 'planned' ? s.from : undefined,
  }
}

/** The routes of shelves and windows. */
export function shelving({ json, list, refuse, emit, noted, me }) {
  const news = (s, deed) =>
    emit('suppression', {
      suppression: { suppression: s.id, kind: s.kind, deed, reason: s.reason, version: s.version },
    })
  const hides = (s) => {
    for (const a of d.alerts)
      if (!a.hidden && unresolved(a) && a.severity !== 'critical' && s.devices.includes(a.device)) hide(a, s)
  }
  const end = (s) => {
    Object.assign(s, { ended: d.iso(Date.now()), ender_name: me.user.full_name, hid: row(s).hid })
    for (const a of d.alerts)
      if (a.hidden?.suppression === s.id && unresolved(a)) {
        delete a.hidden
        noted(a, 'returned', me)
      }
    news(s, 'ended')
  }
  return [
    [
      'GET',
      /^\/v1\/suppressions$/,
      (req, res, m, q) =>
        list(
          res,
          all
            .map(row)
            .filter((s) => !q.get('state') || s.state === q.get('state'))
            .filter((s) => !q.get('device') || s.devices.includes(q.get('device'))),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/suppressions$/,
      (req, res, m, q, b) => {
        const s = made(me, { ...b, kind: 'window' })
        if (stateOf(s) === 'active') hides(s)
        news(s, stateOf(s) === 'active' ? 'began' : 'planned')
        json(res, row(s), 201)
      },
    ],
    [
      'PATCH',
      /^\/v1\/suppressions\/([^/]+)$/,
      (req, res, m, q, b) => {
        const s = all.find((x) => x.id === m[1])
        if (!s) return refuse(res, 404, 'not_found', 'there is no such window')
        Object.assign(s, b, { version: s.version + 1, changed: d.iso(Date.now()) })
        news(s, 'edited')
        json(res, row(s))
      },
    ],
    [
      'POST',
      /^\/v1\/suppressions\/([^/]+)\/end$/,
      (req, res, m) => {
        const s = all.find((x) => x.id === m[1])
        if (!s) return refuse(res, 404, 'not_found', 'there is no such window')
        end(s)
        json(res, row(s))
      },
    ],
    [
      'POST',
      /^\/v1\/alerts\/([^/]+)\/unshelve$/,
      (req, res, m) => {
        const a = d.alerts.find((x) => x.id === m[1])
        const s = all.find((x) => x.id === a?.hidden?.suppression)
        if (!s) return refuse(res, 409, 'conflict', 'the alert is not shelved')
        end(s)
        json(res, a)
      },
    ],
  ]
}
