// The requests for leave of the made-up school, who answers them, and the guardians' page.

const at = (h) => new Date(Date.now() + h * 3600_000).toISOString()
const made = (id, state, name, kind, from, to, more = {}) => ({
  id,
  school: 'sch_1',
  person: 'per_1',
  guardian: 'per_9',
  guardian_name: '李华',
  state,
  name,
  class: '7-2',
  kind,
  from: at(from),
  to: at(to),
  asked: at(-3),
  steps: [{ users: ['usr_1'] }, { name: 'Head of year', users: ['usr_2'] }],
  may_answer: state === 'asked',
  waiting_step: 0,
  ...more,
})
const requests = [
  made('lea_1', 'asked', 'Li Ming', 'sick', 20, 116),
  made('lea_2', 'asked', '王芳', 'personal', 44, 48),
  made('lea_3', 'approved', '陈晨', 'sick', -50, -2, {
    waiting_step: 1,
    steps: [{ users: ['usr_1'], answered: at(-60), approved: true, by: 'Chen Jing' }],
  }),
]
const whole = (x) => ({ ...x, reason: '发烧', note: '医嘱：休息三天。' })
let page = { school: 'sch_1', on: false }
let chain = { school: 'sch_1', classes: [{ class: '7-2', users: ['usr_1'] }], steps: [] }

const gate = {
  name: 'Li Ming',
  class: '7-2',
  may_leave: true,
  leave_from: at(-1),
  leave_to: at(3),
  guardians: [{ id: 'per_9', name: '李华' }],
  collectors: [
    { id: 'col_x', name: '张兰', relation: '奶奶', phone: '…5678', from: at(-900), to: at(900), now: true },
    { id: 'col_y', name: 'Uncle Bob', from: at(48), to: at(72), now: false },
  ],
  handovers: [],
}

export function leave(json, list) {
  return [
    ['GET', /^\/v1\/people\/([^/]+)\/at-gate$/, (req, res, m) => json(res, { ...gate, pupil: m[1] })],
    [
      'POST',
      /^\/v1\/handovers$/,
      (req, res, m, q, b) => {
        const x = { ...b, id: 'hov_' + gate.handovers.length, school: 'sch_1', at: at(0), by: 'usr_1 Li Wei' }
        x.stranger = !b.collector && !b.guardian
        x.name ??= [...gate.collectors, ...gate.guardians].find(
          (c) => c.id === (b.collector ?? b.guardian),
        )?.name
        gate.handovers.unshift(x)
        json(res, x, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/collectors$/,
      (req, res, m, q, b) => {
        const x = {
          ...b,
          id: 'col_' + gate.collectors.length,
          school: 'sch_1',
          now: true,
          by: 'usr_1',
          added: at(0),
        }
        gate.collectors.push(x)
        json(res, x, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/collectors\/([^/]+)\/end$/,
      (req, res, m) =>
        json(
          res,
          gate.collectors.splice(
            gate.collectors.findIndex((x) => x.id === m[1]),
            1,
          )[0],
        ),
    ],
    ['GET', /^\/v1\/guardian-page$/, (req, res) => json(res, page)],
    [
      'POST',
      /^\/v1\/guardian-page$/,
      (req, res, m, q, b) => {
        page = { ...b, link: b.on ? '/family/Zmlyc3QtbGluaw' : undefined }
        json(res, page)
      },
    ],
    ['GET', /^\/v1\/leave-chain$/, (req, res) => json(res, chain)],
    ['POST', /^\/v1\/leave-chain$/, (req, res, m, q, b) => json(res, (chain = { ...b, changed: at(0) }))],
    [
      'GET',
      /^\/v1\/leave-requests$/,
      (req, res, m, q) =>
        list(
          res,
          requests.filter((x) =>
            q.get('mine') ? x.may_answer : !q.get('state') || x.state === q.get('state'),
          ),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/leave-requests\/([^/]+)$/,
      (req, res, m) => json(res, whole(requests.find((x) => x.id === m[1]))),
    ],
    [
      'POST',
      /^\/v1\/leave-requests\/([^/]+)\/answer$/,
      (req, res, m, q, b) => {
        const x = requests.find((x) => x.id === m[1])
        Object.assign(x, { state: b.approve ? 'approved' : 'refused', may_answer: false, waiting_step: 1 })
        x.steps = [{ users: ['usr_1'], answered: at(0), approved: b.approve, reason: b.reason, by: 'Li Wei' }]
        json(res, whole(x))
      },
    ],
  ]
}
