// Duty of the made-up school: two rotas, a chain, and who is on duty in a week.

import { channels } from './data.mjs'

const staff = [
  { id: 'usr_1', name: 'Admin', role: 'admin', able: true },
  { id: 'usr_2', name: 'Chen Wei 陈伟', role: 'security', able: true },
  { id: 'usr_3', name: 'Wang Fang 王芳', role: 'security', able: true },
  { id: 'usr_4', name: 'Zhao Min 赵敏', role: 'facility', able: true },
  { id: 'usr_5', name: 'Liu Yang 刘洋', role: 'security', able: false },
]
const rotas = [
  {
    id: 'rot_1',
    name: 'Gate house',
    name_zh: '门卫室',
    lines: [
      { start: '07:00', end: '07:00', first: '2026-01-05', each: 'day', turns: [['usr_2'], ['usr_3']] },
    ],
  },
  {
    id: 'rot_2',
    name: 'Dormitory nights',
    name_zh: '宿舍夜班',
    lines: [
      {
        start: '21:00',
        end: '06:00',
        first: '2026-01-05',
        each: 'week',
        days: ['mon', 'tue', 'wed', 'thu', 'sun'],
        turns: [['usr_4'], ['usr_5']],
      },
    ],
  },
]
const chains = [
  {
    id: 'esc_1',
    name: 'Fire and break-in',
    name_zh: '火警与闯入',
    severities: ['critical', 'major'],
    steps: [
      { after_minutes: 0, rotas: ['rot_1'], channels: ['chn_2'] },
      {
        after_minutes: 3,
        rotas: ['rot_2'],
        users: ['usr_4'],
        tries: [{ ways: ['push'], unread_minutes: 3 }, { ways: ['sms', 'voice'] }],
      },
      { after_minutes: 10, roles: ['security'] },
    ],
    wait_minutes: 5,
    repeat: 0,
  },
]
const swaps = []

const hour = 3600e3
const zone = 8 * hour // the made-up school's clock
const person = (id) => staff.find((s) => s.id === id)

/** Who is on duty in a rota at t (ms); a turn is that of the local day on which the shift began. */
function on(r, t) {
  const l = r.lines[0]
  const [from, to] = [l.start, l.end].map((s) => Number(s.slice(0, 2)))
  const local = new Date(t + zone)
  const early = local.getUTCHours() < from
  if (to !== from && local.getUTCHours() >= to && early) return []
  const day = Math.floor((t + zone) / 86400e3) - (early ? 1 : 0)
  const name = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'][day % 7]
  if (l.days && !l.days.includes(name)) return []
  const n = day - Math.floor(Date.parse(l.first) / 86400e3)
  const turn = l.turns[(l.each === 'week' ? Math.floor(n / 7) : n) % l.turns.length]
  return swaps
    .filter((o) => o.rota === r.id && Date.parse(o.from) <= t && t < Date.parse(o.to))
    .reduce((all, o) => [...all.filter((u) => u !== o.for), ...(o.who ? [o.who] : [])], turn)
}

function spans(r, from, to) {
  const out = []
  for (let t = from; t < to; t += hour) {
    const people = on(r, t)
    const last = out[out.length - 1]
    if (last && last.key === people.join()) last.to = new Date(t + hour).toISOString()
    else
      out.push({
        key: people.join(),
        from: new Date(t).toISOString(),
        to: new Date(t + hour).toISOString(),
        people: people.map(person),
        hole: !people.some((u) => person(u).able),
      })
  }
  return out.map(({ key, ...s }) => s)
}

const channelsOff = () => channels.filter((c) => c.disabled).map((c) => c.id)

/** A chain with what of it tells nobody, as far as its steps name channels. */
const withLacks = (c) => ({
  ...c,
  lacks: c.steps.flatMap((s, step) =>
    (s.channels ?? []).flatMap((channel, i) => {
      const there = channels.some((x) => x.id === channel)
      if (there && !channelsOff().includes(channel)) return []
      return [{ field: `steps[${step}].channels[${i}]`, step, what: there ? 'off' : 'deleted', channel }]
    }),
  ),
})

/** The routes of duty; json and list are the mock's. */
export function duty(json, list) {
  const plan = (r, from, to) => ({
    rota: r.id,
    name: r.name,
    name_zh: r.name_zh,
    spans: spans(r, from, to),
    overrides: swaps.filter((o) => o.rota === r.id),
  })
  const find = (all, id) => all.find((x) => x.id === id)
  const keep = (all, kind) => (req, res, m, q, b) => {
    const old = m[1] && find(all, m[1])
    const x = old ? Object.assign(old, b) : { ...b, id: kind + (all.length + 1) }
    if (!old) all.push(x)
    json(res, kind === 'rot_' ? withHoles(x) : withLacks(x), old ? 200 : 201)
  }
  const withHoles = (r) => {
    const now = Math.floor(Date.now() / hour) * hour
    const holes = spans(r, now, now + 28 * 24 * hour).filter((s) => s.hole)
    const long = holes.reduce((n, h) => n + Date.parse(h.to) - Date.parse(h.from), 0) / hour
    return {
      ...r,
      holes,
      holes_total: holes.length,
      hole_hours: long,
      holes_until: new Date(now + 28 * 24 * hour).toISOString(),
    }
  }
  return [
    ['GET', /^\/v1\/rotas$/, (req, res, m, q) => list(res, rotas, q)],
    ['POST', /^\/v1\/rotas$/, keep(rotas, 'rot_')],
    ['GET', /^\/v1\/rotas\/(\w+)$/, (req, res, m) => json(res, withHoles(find(rotas, m[1])))],
    ['PATCH', /^\/v1\/rotas\/(\w+)$/, keep(rotas, 'rot_')],
    [
      'POST',
      /^\/v1\/rotas\/(\w+)\/overrides$/,
      (req, res, m, q, b) => {
        const o = { ...b, id: 'ovr_' + (swaps.length + 1), rota: m[1], by: 'usr_1 admin' }
        swaps.push(o)
        const holes = spans(find(rotas, m[1]), Date.parse(o.from), Date.parse(o.to)).filter((s) => s.hole)
        json(res, { ...o, holes }, 201)
      },
    ],
    [
      'DELETE',
      /^\/v1\/rotas\/(\w+)\/overrides\/(\w+)$/,
      (req, res, m) => {
        const at = swaps.findIndex((o) => o.id === m[2])
        const [o] = swaps.splice(at, 1)
        const holes = spans(find(rotas, m[1]), Date.parse(o.from), Date.parse(o.to)).filter((s) => s.hole)
        json(res, { ...o, holes })
      },
    ],
    ['GET', /^\/v1\/escalations$/, (req, res, m, q) => list(res, chains.map(withLacks), q)],
    ['POST', /^\/v1\/escalations$/, keep(chains, 'esc_')],
    ['GET', /^\/v1\/escalations\/(\w+)$/, (req, res, m) => json(res, withLacks(find(chains, m[1])))],
    ['PATCH', /^\/v1\/escalations\/(\w+)$/, keep(chains, 'esc_')],
    ['GET', /^\/v1\/duty\/staff$/, (req, res, m, q) => list(res, staff, q)],
    [
      'GET',
      /^\/v1\/duty\/plan$/,
      (req, res, m, q) => {
        const [from, to] = [q.get('from'), q.get('to')].map((x) => Date.parse(x))
        json(res, { from: q.get('from'), to: q.get('to'), rotas: rotas.map((r) => plan(r, from, to)) })
      },
    ],
    [
      'GET',
      /^\/v1\/duty$/,
      (req, res) => {
        const now = Math.floor(Date.now() / hour) * hour
        const rows = rotas.map((r) => {
          const [first, next] = spans(r, now, now + 7 * 24 * hour)
          const { people, hole, to } = first
          return {
            rota: r.id,
            name: r.name,
            name_zh: r.name_zh,
            people,
            hole,
            until: to,
            next: next?.people ?? [],
          }
        })
        json(res, { at: new Date().toISOString(), rotas: rows, uncovered: [] })
      },
    ],
  ]
}
