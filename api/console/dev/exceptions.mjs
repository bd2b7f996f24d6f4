// What needs a person in the made-up school, and its figures.

const at = (hours) => new Date(Date.now() + hours * 3600_000).toISOString()
const day = (days) => at(days * 24).slice(0, 10)

export function exceptions(json, list, presence, zones) {
  const who = (i) => {
    const p = presence()[i]
    return { person: p.person, name: p.name, class: p.class }
  }
  const session = { session: 'ses_1', date: day(0), of: 'dorm' }
  const all = [
    { id: 'exc_1', kind: 'no_exit', at: at(-31), zone: zones[0].id, ...who(4) },
    {
      id: 'exc_2',
      kind: 'dorm_missing',
      at: at(-14),
      ...session,
      ...who(5),
      owner: 'usr_1 Li Wei',
      taken: at(-9),
    },
    { id: 'exc_3', kind: 'unknown_person', at: at(-6), zone: zones[1].id, device: 'cam-1', count: 7 },
    { id: 'exc_4', kind: 'low_margin', at: at(-5), ...session, of: 'arrival', zone: zones[0].id, ...who(6) },
    { id: 'exc_5', kind: 'double_dip', at: at(-2), ...session, of: 'meal', ...who(7) },
    { id: 'exc_6', kind: 'clock_skew', at: at(-1), ...session, of: 'arrival', count: 31 },
  ]
  const counts = (of, days) => {
    const due = of * days
    const [late, absent, leave] = [Math.round(due / 60), Math.round(due / 90), Math.round(due / 50)]
    return { due, there: due - absent - leave, late, absent, leave, unknown: 0 }
  }
  const row = (level, name, of) => ({
    level,
    school: 'sch_1',
    name,
    people: of,
    day: counts(of, 1),
    month: counts(of, 18),
  })
  const open = () => all.filter((x) => !x.done)
  return [
    [
      'GET',
      /^\/v1\/exceptions$/,
      (req, res, m, q) =>
        list(
          res,
          all
            .filter((x) => !x.done === !q.get('settled'))
            .filter((x) => !q.get('kind') || x.kind === q.get('kind')),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/exceptions\/count$/,
      (req, res) =>
        json(res, {
          kinds: open().map((x) => ({ kind: x.kind, open: 1, oldest: x.at })),
        }),
    ],
    [
      'POST',
      /^\/v1\/exceptions\/(\w+)$/,
      (req, res, m, q, b) => {
        const x = all.find((y) => y.id === m[1])
        const me = 'usr_1 Li Wei'
        if (b.deed === 'take') Object.assign(x, { owner: me, taken: at(0) })
        if (b.deed === 'release') Object.assign(x, { owner: undefined, taken: undefined })
        if (b.deed === 'settle') Object.assign(x, { done: at(0), by: me, note: b.note })
        if (b.deed === 'reopen') Object.assign(x, { done: undefined, by: undefined })
        json(res, x)
      },
    ],
    [
      'GET',
      /^\/v1\/figures$/,
      (req, res, m, q) =>
        json(res, {
          date: q.get('date') || day(0),
          from: (q.get('date') || day(0)).slice(0, 8) + '01',
          rows: [
            row('school', 'Riverside Demo School', 376),
            row('grade', '7', 184),
            row('class', '7-1', 46),
            row('class', '7-2', 46),
            row('grade', '8', 192),
            row('class', '8-1', 48),
          ],
        }),
    ],
  ]
}
