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
const barred = [
  {
    id: 'bar_1',
    school: 'sch_1',
    name: '吴刚',
    phone: '13911112222',
    with_id: true,
    reason: '威胁教师',
    by: 'usr_1 Li Wei',
    added: at(-100),
    ends: at(2400),
  },
]
let page = { school: 'sch_1', on: false }
const visits = [
  made('vis_1', 'asked', 'Zhou Qiang', 'Chen Jing', 'Repairs the lift', 1, 3, {
    company: 'Lifts & Co',
    group: 2,
  }),
  made('vis_2', 'expected', '王芳', '陈静', '家长会', -1, 2),
  made('vis_4', 'asked', '吴刚', '陈静', '送货', -1, 2, { barred: true, public: true, plate: '沪A12345' }),
  made('vis_3', 'on_site', 'Li Na', 'Chen Jing', 'Delivers books', -4, -1, { overdue: true }),
]

export function visitors(json, list) {
  return [
    ['GET', /^\/v1\/visit-page$/, (req, res) => json(res, page)],
    [
      'POST',
      /^\/v1\/visit-page$/,
      (req, res, m, q, b) => {
        const link = '/visit/' + (b.renew ? 'c2Vjb25kLWxpbms' : 'Zmlyc3QtbGluaw')
        page = { ...b, link: b.on ? link : undefined }
        json(res, page)
      },
    ],
    ['GET', /^\/v1\/barred$/, (req, res, m, q) => list(res, barred, q)],
    [
      'POST',
      /^\/v1\/barred$/,
      (req, res, m, q, b) => {
        const x = { ...b, id: 'bar_' + (barred.length + 2), with_id: !!b.card_number, by: 'usr_1 Li Wei' }
        barred.unshift(x)
        json(res, x, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/barred\/([^/]+)\/end$/,
      (req, res, m) => {
        const i = barred.findIndex((x) => x.id === m[1])
        json(res, barred.splice(i, 1)[0])
      },
    ],
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
