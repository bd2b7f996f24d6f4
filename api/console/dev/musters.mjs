// Musters of the made-up school: a drill that is over, and those that are started here.

const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()
const nobody = { sought: 0, safe: 0, away: 0, missing: 0, waiting: 0, out: 0 }

export function musters(json, list, presence) {
  const all = [
    {
      id: 'mus_1',
      school: 'sch_1',
      drill: true,
      place: 'Sports field',
      started: at(-3000),
      by: 'usr_1 Li Wei',
      closed: at(-2991),
      closed_by: 'usr_1 Li Wei',
      report: 'All found after nine minutes; the door of the laboratory jammed.',
      counts: { ...nobody, sought: 412, safe: 409, away: 3, out: 21 },
    },
  ]
  const ticks = {} // by muster
  const people = (id) =>
    presence().map((p, i) => {
      const said = []
      for (const x of (ticks[id] ?? []).filter((x) => x.person === p.person))
        if (x.word === 'mistaken') said.pop()
        else said.push(x)
      const holds = ['safe', 'away', 'missing'].map((w) => said.find((x) => x.word === w)).find(Boolean)
      const missed = said.find((x) => x.word === 'missing')
      const out = p.where === 'out'
      return {
        person: p.person,
        kind: p.kind,
        name: p.name,
        number: p.number,
        class: p.class,
        state: holds?.word ?? (out ? 'not_sought' : 'waiting'),
        at: holds?.at,
        by: holds && 'usr_1 Li Wei',
        missed: missed?.at,
        missed_by: missed && 'usr_1 Li Wei',
        where: p.where,
        sure: out ? 'doubtful' : i % 3 ? 'certain' : 'likely',
        why: out ? 'not_due' : p.where === 'unknown' ? 'unclear' : i % 2 ? 'seen' : 'passed_in',
        zone: p.zone,
        seen_at: p.at,
        since: i % 29 === 7,
      }
    })
  const counted = (m) => {
    if (m.closed) return m
    const rows = people(m.id)
    const of = (state) => rows.filter((x) => x.state === state).length
    return {
      ...m,
      counts: {
        sought: rows.filter((x) => x.where !== 'out').length,
        safe: of('safe'),
        away: of('away'),
        missing: of('missing'),
        waiting: of('waiting'),
        out: of('not_sought'),
      },
    }
  }
  const one = (id) => all.find((x) => x.id === id)
  const order = ['missing', 'waiting', 'safe', 'away', 'not_sought']
  return [
    ['GET', /^\/v1\/musters$/, (req, res, m, q) => list(res, [...all].reverse(), q)],
    [
      'POST',
      /^\/v1\/musters$/,
      (req, res, m, q, b) => {
        const x = { ...b, id: `mus_${all.length + 1}`, school: 'sch_1', started: at(0), by: 'usr_1 Li Wei' }
        all.push({ ...x, counts: nobody })
        json(res, counted(all.at(-1)), 201)
      },
    ],
    ['GET', /^\/v1\/musters\/(\w+)$/, (req, res, m) => json(res, counted(one(m[1])))],
    [
      'GET',
      /^\/v1\/musters\/(\w+)\/people$/,
      (req, res, m, q) =>
        list(
          res,
          people(m[1])
            .filter((x) => !q.get('state') || x.state === q.get('state'))
            .filter((x) => !q.get('class') || x.class === q.get('class'))
            .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/musters\/(\w+)\/ticks$/,
      (req, res, m, q, b) => {
        const had = (ticks[m[1]] ??= [])
        had.push(...b.ticks.filter((x) => !had.some((y) => y.id === x.id)))
        json(res, { strange: [] })
      },
    ],
    [
      'POST',
      /^\/v1\/musters\/(\w+)\/close$/,
      (req, res, m, q, b) => {
        const i = all.findIndex((x) => x.id === m[1])
        all[i] = { ...counted(all[i]), closed: at(0), closed_by: 'usr_1 Li Wei', report: b.report }
        json(res, all[i])
      },
    ],
  ]
}
