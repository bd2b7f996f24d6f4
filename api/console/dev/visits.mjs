// The visitors of the made-up school.

const at = (h) => new Date(Date.now() + h * 3600_000).toISOString()
const made = (id, state, name, host, purpose, from, to, more = {}) => ({
  id,
  school: 'sch_1',
  state,
  name,
  host,
  purpose,
  group: 1,
  from: at(from),
  to: at(to),
  registered: at(from - 1),
  by: 'usr_1',
  overdue: false,
  ...more,
})
const visits = [
  made('vis_1', 'asked', 'Zhou Qiang', 'Chen Jing', 'Repairs the lift', 1, 3, {
    company: 'Lifts & Co',
    group: 2,
  }),
  made('vis_2', 'expected', '王芳', '陈静', '家长会', -1, 2),
  made('vis_3', 'on_site', 'Li Na', 'Chen Jing', 'Delivers books', -4, -1, { overdue: true }),
]

export function visitors(json, list) {
  return [
    [
      'GET',
      /^\/v1\/visits$/,
      (req, res, m, q) =>
        list(
          res,
          visits.filter((v) => !q.get('state') || v.state === q.get('state')),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/visits$/,
      (req, res, m, q, b) => {
        const v = made('vis_' + (visits.length + 1), 'asked', b.name, b.host, b.purpose, 0, 0, b)
        visits.unshift(v)
        json(res, v, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/visits\/([^/]+)\/state$/,
      (req, res, m, q, b) => {
        const v = visits.find((x) => x.id === m[1])
        Object.assign(v, b, { overdue: false })
        json(res, v)
      },
    ],
  ]
}
