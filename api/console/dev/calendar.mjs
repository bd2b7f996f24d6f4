// The calendar of the made-up school.

const entries = [
  {
    id: 'cal_1',
    school: 'sch_1',
    kind: 'term',
    name: 'Autumn',
    name_zh: '秋季学期',
    from: '2026-09-01',
    to: '2027-01-22',
  },
  {
    id: 'cal_2',
    school: 'dis_1',
    kind: 'day_off',
    name: 'National Day',
    name_zh: '国庆节',
    from: '2026-10-01',
    to: '2026-10-07',
  },
  {
    id: 'cal_3',
    school: 'dis_1',
    kind: 'workday',
    name: 'National Day',
    name_zh: '国庆节',
    from: '2026-10-10',
    to: '2026-10-10',
    runs_as: 'wed',
  },
]
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function day(date) {
  const weekday = new Date(date + 'T12:00:00Z').getUTCDay()
  const e = ['workday', 'day_off', 'term']
    .map((kind) => entries.find((x) => x.kind === kind && x.from <= date && date <= x.to))
    .find(Boolean)
  const school = e?.kind === 'workday' || (e?.kind === 'term' && weekday % 6 !== 0)
  return {
    date,
    school,
    runs_as: e?.runs_as ?? names[weekday],
    entry: e?.id,
    name: e?.name,
    name_zh: e?.name_zh,
  }
}

export function calendar(json, list) {
  return [
    ['GET', /^\/v1\/calendar$/, (req, res, m, q) => list(res, entries, q)],
    [
      'POST',
      /^\/v1\/calendar$/,
      (req, res, m, q, b) => {
        const e = { ...b, id: 'cal_' + (entries.length + 1) }
        entries.push(e)
        json(res, e, 201)
      },
    ],
    [
      'GET',
      /^\/v1\/calendar-days$/,
      (req, res, m, q) => {
        const days = []
        for (let t = Date.parse(q.get('from')); t <= Date.parse(q.get('to')); t += 24 * 3600e3)
          days.push(day(new Date(t).toISOString().slice(0, 10)))
        json(res, { days })
      },
    ],
  ]
}
