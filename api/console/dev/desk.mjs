// The duty desk of the made-up school, and one person's day.

const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()

export function desk(json, list, presence) {
  const rows = (of) => {
    const all = presence()
    const one = (p, more) => ({
      person: p.person,
      name: p.name,
      class: p.class,
      zone: p.zone,
      at: p.at,
      ...more,
    })
    const night = { session: 'ses_9', title: 'Dorm night', title_zh: '宿舍就寝' }
    const morning = { session: 'ses_1', title: 'Morning arrival', title_zh: '早上到校' }
    const made = {
      not_in_dorm: all.slice(3, 6).map((p, i) => one(p, { ...night, state: i ? 'absent' : 'unknown' })),
      still_in_school: all
        .filter((p) => p.where === 'in')
        .slice(0, 40)
        .map((p) => one(p, {})),
      leave_begins: all.slice(8, 10).map((p) => one(p, { zone: '', at: at(30), until: at(24 * 60) })),
      late_today: all.slice(11, 20).map((p) => one(p, { ...morning, state: 'late' })),
    }
    return made[of]
  }
  return [
    [
      'GET',
      /^\/v1\/desk$/,
      (req, res) =>
        json(res, {
          at: at(0),
          lists: ['not_in_dorm', 'still_in_school', 'leave_begins', 'late_today'].map((l) => ({
            list: l,
            people: l === 'still_in_school' ? 0 : rows(l).length,
            open: l !== 'still_in_school',
            ...(l === 'still_in_school' && { from: at(90) }),
          })),
        }),
    ],
    [
      'GET',
      /^\/v1\/desk\/people$/,
      (req, res, m, q) =>
        list(
          res,
          rows(q.get('list')).filter((x) => !q.get('class') || x.class === q.get('class')),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/people\/([\w-]+)\/line$/,
      (req, res, m, q) =>
        json(res, {
          person: m[1],
          date: q.get('date'),
          entries: [
            { what: 'leave', at: at(-600), until: at(-480), said: 'doctor', by: 'usr_1 Li Wei' },
            { what: 'seen', at: at(-420), zone: presence()[0].zone, direction: 'in' },
            {
              what: 'answer',
              at: at(-420),
              until: at(-380),
              session: 'ses_1',
              kind: 'arrival',
              name: 'Morning arrival',
              name_zh: '早上到校',
              state: 'late',
              final: true,
              reasons: ['seen_after_leave'],
            },
            {
              what: 'correction',
              at: at(-300),
              session: 'ses_1',
              kind: 'arrival',
              name: 'Morning arrival',
              name_zh: '早上到校',
              state: 'arrived',
              said: 'The bus was late.',
              by: 'usr_1 Li Wei',
            },
            { what: 'seen', at: at(-60), zone: presence()[1].zone },
          ],
        }),
    ],
  ]
}
