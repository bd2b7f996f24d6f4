// The timetable of the made-up school: a week of one class, with a problem and a change.

const lessons = ['Maths', 'Chinese', 'English', 'Physics', 'Art', 'Music', 'Sports']
const chinese = ['数学', '语文', '英语', '物理', '美术', '音乐', '体育']
const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const times = [
  ['1', '08:00', '08:40'],
  ['2', '08:50', '09:30'],
  ['3', '09:50', '10:30'],
  ['4', '10:40', '11:20'],
]

const templates = [
  {
    id: 'tpl_1',
    school: 'sch_1',
    name: 'Usual day',
    name_zh: '平日作息',
    usual: true,
    periods: times.map(([name, start, end]) => ({ name, start, end })),
  },
  { id: 'tpl_2', school: 'sch_1', name: 'Late start', name_zh: '推迟上课', shift: 60 },
]
const days = []
const changes = []
const patterns = lessons.map((name, i) => ({
  id: 'pat_' + i,
  version: 1,
  school: 'sch_1',
  name,
  name_zh: chinese[i],
  kind: 'lesson',
  from: '2026-09-01',
  days: 'school_days',
  weekdays: names.slice(0, 5),
  periods: [String((i % 4) + 1)],
  classes: ['7-1'],
  who: ['student'],
}))

const date = (t) => new Date(t).toISOString().slice(0, 10)

function week(q) {
  const at = Date.parse((q.get('date') || date(Date.now())) + 'T12:00:00Z')
  const monday = at - ((new Date(at).getUTCDay() + 6) % 7) * 24 * 3600e3
  const all = names.map((runs_as, i) => ({
    date: date(monday + i * 24 * 3600e3),
    school: i < 5,
    runs_as,
    week: 3,
    template: days.find((x) => x.from <= date(monday + i * 24 * 3600e3))?.template,
  }))
  const runs = all.slice(0, 5).flatMap((d, i) =>
    times.flatMap(([period, start, end], k) => {
      const p = patterns[(i + k * 2) % patterns.length]
      const c = changes.find((x) => x.pattern === p.id && x.date === d.date && x.period === period)
      if (c?.cancel) return []
      return [
        {
          id: `ses_${d.date}_${period}`,
          school: 'sch_1',
          kind: 'lesson',
          name: p.name,
          name_zh: p.name_zh,
          start: new Date(`${d.date}T${c?.start ?? start}:00+08:00`).toISOString(),
          due: new Date(`${d.date}T${c?.start ?? start}:00+08:00`).toISOString(),
          end: new Date(`${d.date}T${c?.end ?? end}:00+08:00`).toISOString(),
          classes: [q.get('class') || '7-1'],
          who: ['student'],
          pattern: p.id,
          date: d.date,
          period,
          edited: i === 4 && k === 3 ? true : undefined,
        },
      ]
    }),
  )
  const wrong = runs[6]
  return {
    school: 'sch_1',
    timezone: 'Asia/Shanghai',
    days: all,
    runs,
    more_runs: 0,
    problems: wrong
      ? [
          {
            code: 'overlap',
            date: wrong.date,
            pattern: wrong.pattern,
            name: wrong.name,
            period: wrong.period,
            other: 'pat_0',
            other_name: 'Maths',
            class: '7-1',
          },
        ]
      : [],
    more_problems: 0,
    calendar_ends: '2027-01-22',
  }
}

export function timetable(json, list) {
  const make = (into, prefix) => (req, res, m, q, b) => {
    const x = { school: 'sch_1', version: 1, from: date(Date.now()), ...b, id: prefix + (into.length + 10) }
    into.push(x)
    json(res, x, 201)
  }
  const drop = (from) => (req, res, m) => {
    from.splice(
      from.findIndex((x) => x.id === m[1]),
      1,
    )
    json(res, undefined, 204)
  }
  return [
    ['GET', /^\/v1\/timetable\/week$/, (req, res, m, q) => json(res, week(q))],
    ['GET', /^\/v1\/timetable\/patterns$/, (req, res, m, q) => list(res, patterns, q)],
    ['POST', /^\/v1\/timetable\/patterns$/, make(patterns, 'pat_')],
    ['GET', /^\/v1\/timetable\/templates$/, (req, res, m, q) => list(res, templates, q)],
    ['POST', /^\/v1\/timetable\/templates$/, make(templates, 'tpl_')],
    ['GET', /^\/v1\/timetable\/days$/, (req, res, m, q) => list(res, days, q)],
    ['POST', /^\/v1\/timetable\/days$/, make(days, 'tpd_')],
    ['DELETE', /^\/v1\/timetable\/days\/([^/]+)$/, drop(days)],
    ['GET', /^\/v1\/timetable\/changes$/, (req, res, m, q) => list(res, changes, q)],
    ['POST', /^\/v1\/timetable\/changes$/, make(changes, 'chg_')],
    ['DELETE', /^\/v1\/timetable\/changes\/([^/]+)$/, drop(changes)],
  ]
}
