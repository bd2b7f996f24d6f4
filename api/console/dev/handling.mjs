// Who sees to the alerts of the made-up school: batches with undo, assignees, comments, histories, calls.

import * as d from './data.mjs'
import { reshelve, shelve, unshelve } from './shelving.mjs'

const histories = new Map()

/** The history of an alert; one of before has its beginning. */
function historyOf(a) {
  if (!histories.has(a.id)) {
    const first = [{ n: 16, at: a.opened, what: 'raised', severity: a.severity }]
    if (a.acknowledged)
      first.push({
        n: 32,
        at: a.acknowledged,
        what: 'acknowledged',
        by_name: a.handler_name,
        until: d.iso(Date.parse(a.acknowledged) + 30 * d.minute),
      })
    if (a.resolved)
      first.push({ n: 48, at: a.resolved, what: 'resolved', by_name: a.resolver_name, comment: a.comment })
    histories.set(a.id, first)
  }
  return histories.get(a.id)
}

/** Writes a line into the history of an alert that somebody has changed. */
export function noted(a, what, me, more = {}) {
  historyOf(a).push({
    n: 16 * (a.version + 1),
    at: d.iso(Date.now()),
    what,
    by: me.user.id,
    by_name: me.user.full_name,
    ...more,
  })
}

const deeds = {
  acknowledge: (a, b, me) => {
    if (a.state !== 'open') return 'it is in hand'
    const until = d.iso(Date.now() + (b.minutes || 30) * d.minute)
    noted(a, 'acknowledged', me, { until })
    Object.assign(a, {
      state: 'acknowledged',
      acknowledged: d.iso(Date.now()),
      ack_until: until,
      handler: me.user.id,
      handler_name: me.user.full_name,
    })
  },
  unacknowledge: (a, b, me) => {
    if (a.state !== 'acknowledged') return 'nobody has it in hand'
    noted(a, 'unacknowledged', me, { comment: b.comment })
    a.state = 'open'
    for (const k of ['acknowledged', 'ack_until', 'handler', 'handler_name']) delete a[k]
    a.retold = (a.retold ?? 0) + 1
    a.retold_why = 'withdrawn'
  },
  assign: (a, b, me) => {
    const to = d.users.find((u) => u.id === b.assignee)
    noted(a, 'assigned', me, { to: to?.id, to_name: to?.full_name, comment: b.comment })
    a.assignee = to?.id
    a.assignee_name = to?.full_name
  },
  resolve: (a, b, me) => {
    if (a.state !== 'open' && a.state !== 'acknowledged') return 'it is over'
    noted(a, a.firing ? 'silenced' : 'resolved', me, { comment: b.comment })
    Object.assign(a, {
      state: 'resolved',
      resolved: d.iso(Date.now()),
      resolver_name: me.user.full_name,
      comment: b.comment,
    })
  },
  shelve: (a, b, me) => {
    const text = shelve(a, b.minutes, b.comment, me)
    if (!text) noted(a, 'shelved', me, { comment: b.comment, until: a.hidden.until })
    return text
  },
  unshelve: (a, b, me) => {
    const text = unshelve(a)
    if (!text) noted(a, 'returned', me)
    return text
  },
  comment: (a, b, me) => void noted(a, 'commented', me, { comment: b.comment }),
}

/** The routes of handling. */
export function handling({ json, list, refuse, emit, me, state }) {
  const find = (id) => d.alerts.find((a) => a.id === id)
  const done = (a) => {
    a.version++
    emit('alert', { alert: a })
  }
  return [
    [
      'GET',
      /^\/v1\/alerts\/assignees$/,
      (req, res, m, q) =>
        list(
          res,
          d.users.map((u) => ({ id: u.id, name: u.full_name || u.name, role: u.role })),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/alerts\/batch$/,
      (req, res, m, q, b) => {
        const undo = 'und_' + ++state.seq
        state.undo[undo] = []
        const outcomes = b.ids.map((id) => {
          const a = find(id)
          const was = { ...a }
          const text = a ? deeds[b.deed](a, b, me) : 'there is no such alert'
          if (text) return { id, ok: false, code: 'conflict', text }
          state.undo[undo].push(was)
          done(a)
          return { id, ok: true, alert: a }
        })
        const until = d.iso(Date.now() + 30_000)
        json(res, { done: state.undo[undo].length, outcomes, undo, undo_until: until })
      },
    ],
    [
      'POST',
      /^\/v1\/alerts\/undo$/,
      (req, res, m, q, b) => {
        const was = state.undo[b.token] ?? []
        for (const before of was) {
          const a = find(before.id)
          const version = a.version
          for (const k of Object.keys(a)) if (!(k in before)) delete a[k]
          Object.assign(a, before, { version })
          reshelve(a)
          noted(a, 'undone', me)
          done(a)
        }
        json(res, { done: was.length, outcomes: was.map((x) => ({ id: x.id, ok: true })) })
      },
    ],
    [
      'POST',
      /^\/v1\/alerts\/([^/]+)\/(unacknowledge|assign|comment)$/,
      (req, res, m, q, b) => {
        const a = find(m[1])
        if (!a) return refuse(res, 404, 'not_found', 'there is no such alert')
        const text = deeds[m[2]](a, b, me)
        if (text) return refuse(res, 409, 'conflict', text)
        done(a)
        json(res, a)
      },
    ],
    [
      'GET',
      /^\/v1\/alerts\/([^/]+)\/history$/,
      (req, res, m) => json(res, { items: historyOf(find(m[1])), next: '' }),
    ],
    [
      'GET',
      /^\/v1\/alerts\/([^/]+)\/calls$/,
      (req, res, m) => {
        const a = find(m[1])
        if (!a || a.severity === 'info' || a.severity === 'warning')
          return refuse(res, 404, 'not_found', 'nobody was called')
        json(res, callsOf(a))
      },
    ],
  ]
}

// A chain of two steps: the first went out when the alert began.
function callsOf(a) {
  const opened = Date.parse(a.opened)
  const told = (name, user, step, s) => ({
    at: d.iso(opened + s * 1000),
    due: d.iso(opened + s * 1000),
    step,
    round: 0,
    what: 'told',
    name,
    user,
    message: 'msg_' + step,
  })
  return {
    alert: a.id,
    school: a.school,
    state: a.state === 'open' ? 'due' : 'answered',
    chain: 'esc_1',
    chain_name: 'Fire and break-in',
    chain_name_zh: '火警与闯入',
    step: 1,
    round: 0,
    due: a.state === 'open' ? d.iso(opened + 180_000) : undefined,
    log: [told('Chen Gang', 'usr_2', 0, 1)],
  }
}
