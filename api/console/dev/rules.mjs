// Rules of the made-up school: with versions, templates, a check that knows a few mistakes, and a
// backtest that finds three alerts.

const minute = 60_000
const at = (ago) => new Date(Date.now() - ago * minute).toISOString()
const stale = (above) =>
  'id: stale-air\ntitle: {en: Stale air, zh-CN: 空气不新鲜}\nseverity: warning\n' +
  'where: {zone_kind: [classroom]}\nper: zone\n' +
  `when: {property: co2, above: ${above}}  # ppm\nfor: 10m\nclear: {after: 1m}\nthen:\n  - alert: {}\n`

const made = (id, title, title_zh, severity, text, more) => ({
  id,
  plain_id: id.replace(/@.*/, ''),
  title,
  title_zh,
  severity,
  yaml: text,
  text,
  per: 'device',
  origin: 'file',
  file: 'shipped.yaml',
  line: 12,
  mine: false,
  enabled: true,
  replaces: false,
  found: 0,
  firing: 0,
  ...more,
})

function begin(school) {
  const own = {
    origin: 'school',
    file: undefined,
    line: undefined,
    school: school.id,
    school_name: school.name,
    mine: true,
    by_name: 'Zhao Min 赵敏',
  }
  const smoke =
    'id: smoke-and-heat\ntitle: {en: Smoke and heat in a laboratory, zh-CN: 实验室烟雾且高温}\n' +
    'severity: critical\nwhere: {zone_kind: [laboratory]}\nper: zone\nwhen:\n  all:\n' +
    '    - {property: smoke, is: true}\n    - {property: temperature, above: 57}\nclear: {after: 30s}\n' +
    'then:\n  - alert: {audible: true}\n  - incident: {procedure: fire}\n'
  return [
    made('smoke-and-heat', 'Smoke and heat in a laboratory', '实验室烟雾且高温', 'critical', smoke, {
      found: 2,
      firing: 1,
      last_found: at(4),
      line: 8,
    }),
    made(
      'stranger-at-gate',
      'Unknown person at a gate',
      '校门出现陌生人',
      'major',
      'id: stranger-at-gate\ntitle: {en: Unknown person at a gate, zh-CN: 校门出现陌生人}\n' +
        'severity: major\nwhere: {zone_kind: gate}\nper: track\nwhen: {sighting: {person: unknown}}\n',
      { found: 41, last_found: at(65), line: 30 },
    ),
    made(
      'door-after-hours@district',
      'Door open after hours',
      '下班后门未关',
      'warning',
      'id: door-after-hours\ntitle: {en: Door open after hours, zh-CN: 下班后门未关}\nseverity: warning\n' +
        'when:\n  all:\n    - {property: open, is: true}\n    - {time: {from: "22:00", to: "06:00"}}\nfor: 1m\n',
      {
        ...own,
        mine: false,
        school: 'district',
        school_name: 'Education bureau 教育局',
        version: 4,
        at: at(60 * 24 * 12),
        by_name: 'Sun Li 孙丽',
        found: 7,
        last_found: at(60 * 9),
      },
    ),
    made('stale-air@' + school.id, 'Stale air', '空气不新鲜', 'warning', stale(1500), {
      ...own,
      per: 'zone',
      version: 3,
      template: 'stale-air',
      note: 'the old limit rang every morning',
      at: at(60 * 26),
      found: 12,
      firing: 2,
      last_found: at(17),
    }),
    made(
      'fridge-warm@' + school.id,
      'The fridge is warm',
      '冰箱温度过高',
      'major',
      'id: fridge-warm\ntitle: {en: The fridge is warm, zh-CN: 冰箱温度过高}\nseverity: major\n' +
        'when: {property: temperature, above: 8}\nfor: 10m\n',
      { ...own, version: 1, enabled: false, at: at(60 * 24 * 3) },
    ),
    made(
      'leak@' + school.id,
      'Water leak',
      '漏水',
      'critical',
      'id: leak\ntitle: {en: Water leak, zh-CN: 漏水}\nseverity: critical\nwhen: {property: leak, is: true}\n' +
        'then:\n  - incident: {procedure: leak}\n',
      {
        ...own,
        version: 2,
        replaces: true,
        at: at(60 * 24 * 5),
        problem: 'there is no procedure "leak"; add it, or name another',
      },
    ),
  ]
}

const templates = [
  {
    id: 'stale-air',
    group: 'rooms',
    title: 'Stale air',
    title_zh: '空气不新鲜',
    severity: 'warning',
    text: stale(1500),
    version: '9b3c11d4',
    uses: 1,
    schools: ['s1'],
    school_count: 1,
    rules: [
      {
        rule: 'stale-air@sch_demo',
        school: 'sch_demo',
        school_name: 'Riverside',
        version: '5a1f07c2',
        older: true,
        changed: true,
        base: stale(1400),
      },
    ],
  },
  {
    id: 'network-down',
    group: 'devices',
    title: "A building's devices are out of reach",
    title_zh: '楼内设备大面积离线',
    severity: 'major',
    text:
      "id: network-down\ntitle: {en: A building's devices are out of reach, zh-CN: 楼内设备大面积离线}\n" +
      'severity: major\nper: building\n' +
      'when: {share: {of: {status: [offline, driver_down]}, at_least: 20%, devices: 5}}\nfor: 1m\n',
    version: '17c0aa52',
    uses: 0,
    schools: [],
    school_count: 0,
    rules: [],
  },
]

const wide = /[：，｛｝【】“”]/

// What is wrong with a text: keys that are missing, Chinese punctuation, a word that is none.
function check(text, taken) {
  const problems = []
  const doubts = []
  const note = (list, line, column, length, message, reason) =>
    list.push({ line, column, length, message, ...(reason && { reason }) })
  text.split('\n').forEach((l, i) => {
    const bad = wide.exec(l.replace(/#.*|zh-CN: [^}]*/g, ''))
    if (bad) note(problems, i + 1, bad.index + 1, 1, `"${bad[0]}" is Chinese punctuation: use : or ,`)
    const severity = /^severity: *(\w+)/.exec(l)
    if (severity && !['info', 'warning', 'major', 'critical'].includes(severity[1]))
      note(
        problems,
        i + 1,
        11,
        severity[1].length,
        `severity "${severity[1]}" is none; use info, warning, major or critical`,
      )
    const property = /property: *(\w+)/.exec(l)
    if (property && !['co2', 'temperature', 'smoke', 'open', 'leak'].includes(property[1]))
      note(
        doubts,
        i + 1,
        property.index + 11,
        property[1].length,
        `no profile has a property "${property[1]}"`,
      )
  })
  for (const key of ['id', 'title', 'severity', 'when'])
    if (!new RegExp(`^${key}:`, 'm').test(text)) note(problems, 1, 1, 1, `${key} is missing`)
  const id = /^id: *([\w.-]+)/m.exec(text)?.[1] ?? ''
  if (taken(id)) note(problems, 1, 5, id.length, `the id "${id}" is taken; choose another`, 'id_taken')
  return { id, problems, doubts }
}

/** The routes of rules. */
export function rules(json, list, school, user, alerts, tell) {
  const all = begin(school)
  const kept = {}
  for (const r of all.filter((x) => x.version))
    kept[r.id] = Array.from({ length: r.version }, (_, i) => ({
      school: r.school,
      id: r.plain_id,
      version: i + 1,
      text: i + 1 === r.version ? r.text : r.text.replace(/above: \d+/, 'above: ' + (900 + 200 * i)),
      enabled: i + 1 === r.version ? r.enabled : true,
      note: i + 1 === r.version ? r.note : i ? 'as the health office asks' : '',
      by_name: i ? r.by_name : 'Admin',
      at: at(60 * 24 * (14 - 3 * i)),
    }))
  const tests = {}
  const problem = (res, status, code, detail, more) =>
    json(
      res,
      { title: code, status, detail, code, request_id: 'mock', ...more },
      status,
      'application/problem+json',
    )
  const find = (id) => all.find((r) => r.id === id)
  const gone = (res, id) => problem(res, 404, 'not_found', `there is no rule ${id} here`)
  const conflict = (res, r) =>
    problem(res, 409, 'conflict', 'the rule has changed meanwhile', {
      errors: [
        { field: 'version', message: `the rule has changed meanwhile: it is at version ${r.version}` },
      ],
    })
  const write = (r, change, deed, by = user.full_name) => {
    Object.assign(r, change, { version: (r.version ?? 0) + 1, at: at(0), by_name: by })
    const title = /^title: *(?:\{en: ([^,}]*)(?:, zh-CN: ([^}]*))?\}|(.*))/m.exec(r.text)
    Object.assign(r, { title: title?.[1] ?? title?.[3] ?? r.id, title_zh: title?.[2], yaml: r.text })
    r.severity = /^severity: *(\w+)/m.exec(r.text)?.[1] ?? r.severity
    const { plain_id: id, version, text, enabled, note, at: when } = r
    ;(kept[r.id] ??= []).push({ school: r.school, id, version, text, enabled, note, by_name: by, at: when })
    tell(r, deed)
    return r
  }
  const taken = (school, body) => (id) =>
    id !== body.plain_id && !body.replaces && all.some((r) => r.plain_id === id && r.school !== 'other')
  return [
    ['GET', /^\/v1\/rules$/, (req, res, m, q) => list(res, all, q)],
    [
      'GET',
      /^\/v1\/procedures$/,
      (req, res, m, q) =>
        list(
          res,
          [
            { id: 'fire', title: 'Fire', title_zh: '火警', steps: [], school: '', version: 1 },
            { id: 'stranger', title: 'Stranger', title_zh: '陌生人', steps: [], school: '', version: 1 },
          ],
          q,
        ),
    ],
    ['GET', /^\/v1\/rule-templates$/, (req, res) => json(res, { templates })],
    [
      'POST',
      /^\/v1\/rule-imports$/,
      (req, res, m, q, body) => {
        const ids = [...body.yaml.matchAll(/^ *- id: *(.*)$/gm)].map((x) => x[1])
        if (!ids.length)
          return problem(res, 422, 'invalid', 'the file has 0 rules: one is imported with 1 to 100')
        json(res, {
          dry_run: !!body.dry_run,
          rules: ids.map((id) => {
            const own = all.find((r) => r.plain_id === id && r.school === school.id)
            const is = `id: ${id}\ntitle: ${id}\nseverity: warning\nwhen: {property: smoke, is: true}\n`
            const rule = { id: `${id}@${school.id}`, title: id, severity: 'warning', is }
            return own ? { ...rule, what: 'kept', was: own.text } : { ...rule, what: 'added' }
          }),
        })
      },
    ],
    [
      'POST',
      /^\/v1\/rules\/check$/,
      (req, res, m, q, body) => json(res, check(body.text, taken(school, body))),
    ],
    [
      'POST',
      /^\/v1\/rules\/test$/,
      (req, res, m, q, body) => {
        const names = [...body.tests.matchAll(/name: *(.*)/g)].map((x) => x[1])
        const wrong = /expect: *nothing/.test(body.tests) && /above: 1$/m.test(body.text)
        json(res, {
          tests: names.map((name, i) => ({ name, passed: !(wrong && i === 0), line: 2 + i })),
          passed: names.length - (wrong ? 1 : 0),
          failed: wrong ? 1 : 0,
          problems: names.length
            ? []
            : [{ line: 1, column: 1, length: 5, message: 'there are no tests: tests is empty' }],
        })
      },
    ],
    [
      'POST',
      /^\/v1\/rules$/,
      (req, res, m, q, body) => {
        const found = check(body.text, taken(school, body))
        if (found.problems.length)
          return problem(res, 422, 'invalid', found.problems[0].message, { reason: found.problems[0].reason })
        const r = made(`${found.id}@${school.id}`, '', '', 'info', body.text, {
          origin: 'school',
          file: undefined,
          line: undefined,
          school: school.id,
          school_name: school.name,
          mine: true,
          enabled: body.enabled,
          replaces: !!body.replaces,
          template: body.template,
          note: body.note,
        })
        all.push(r)
        json(res, write(r, {}, 'created'), 201)
      },
    ],
    [
      'GET',
      /^\/v1\/rules\/([^/]+)$/,
      (req, res, m) => (find(m[1]) ? json(res, find(m[1])) : gone(res, m[1])),
    ],
    [
      'PUT',
      /^\/v1\/rules\/([^/]+)$/,
      (req, res, m, q, body) => {
        const r = find(m[1])
        if (!r) return gone(res, m[1])
        if (r.version !== body.version) return conflict(res, r)
        json(res, write(r, { text: body.text, enabled: body.enabled, note: body.note }, 'edited'))
      },
    ],
    [
      'DELETE',
      /^\/v1\/rules\/([^/]+)$/,
      (req, res, m, q) => {
        const r = find(m[1])
        if (!r) return gone(res, m[1])
        if (String(r.version) !== q.get('version')) return conflict(res, r)
        write(r, { note: q.get('note') }, 'removed')
        kept[r.id].at(-1).deleted = true
        r.was = all.indexOf(r)
        all.splice(r.was, 1)
        tests[r.id] = r
        res.writeHead(204).end()
      },
    ],
    [
      'GET',
      /^\/v1\/rules\/([^/]+)\/versions$/,
      (req, res, m) => (kept[m[1]] ? json(res, { versions: kept[m[1]].toReversed() }) : gone(res, m[1])),
    ],
    [
      'POST',
      /^\/v1\/rules\/([^/]+)\/restore$/,
      (req, res, m, q, body) => {
        const r = find(m[1]) ?? tests[m[1]]
        if (!r) return gone(res, m[1])
        if (r.version !== body.version) return conflict(res, r)
        if (!find(m[1])) all.push(r)
        const old = kept[m[1]].find((v) => v.version === body.from)
        json(res, write(r, { text: old.text, enabled: true, note: body.note }, 'restored'))
      },
    ],
    [
      'POST',
      /^\/v1\/rules\/([^/]+)\/explanations$/,
      (req, res, m, q, body) => {
        const r = find(m[1])
        if (!r) return gone(res, m[1])
        const id = 'exp_' + Date.now()
        tests[id] = { id, looks: 0, r, body }
        json(res, thenOf(tests[id]), 202)
      },
    ],
    [
      'GET',
      /^\/v1\/rule-explanations\/(\w+)$/,
      (req, res, m) => (tests[m[1]] ? json(res, thenOf(tests[m[1]])) : gone(res, m[1])),
    ],
    [
      'DELETE',
      /^\/v1\/rule-explanations\/(\w+)$/,
      (req, res, m) => ((tests[m[1]].looks = 9), res.writeHead(204).end()),
    ],
    [
      'GET',
      /^\/v1\/rules\/([^/]+)\/explain$/,
      (req, res, m, q) => {
        const r = find(m[1])
        if (!r) return gone(res, m[1])
        const device = q.get('device')
        const holds = r.firing > 0
        const seen = [{ device, value: holds ? 1720 : 640, at: at(1) }]
        json(res, {
          in_force: r.enabled && !r.problem,
          hiding: [],
          problem: r.problem,
          standings: holds
            ? [
                { key: 'room-2-1', device: 'air-21', phase: 'firing', since: at(17) },
                { key: 'room-2-2', device: 'air-22', phase: 'waiting', since: at(3) },
              ]
            : [],
          alerts: alerts.filter((a) => !device || a.device === device).slice(0, 3),
          names: { 'room-2-1': 'Room 2-1 二年级一班', 'room-2-2': 'Room 2-2 二年级二班' },
          ...(device && {
            why: {
              at: at(0),
              phase: holds ? 'firing' : 'quiet',
              per: r.per,
              key: device,
              since: holds ? at(17) : undefined,
              when: {
                kind: 'all',
                holds: holds ? 'yes' : 'no',
                says: 'all',
                of: [
                  {
                    kind: 'property',
                    holds: holds ? 'yes' : 'no',
                    property: 'co2',
                    says: 'co2 > 1500',
                    seen,
                  },
                  {
                    kind: 'property',
                    holds: 'unknown',
                    property: 'temperature',
                    says: 'temperature > 30',
                    seen: [{ device, missing: true }],
                  },
                ],
              },
            },
          }),
        })
      },
    ],
    [
      'POST',
      /^\/v1\/rule-backtests$/,
      (req, res, m, q, body) => {
        const id = 'bkt_' + Date.now()
        tests[id] = { id, looks: 0, days: body.days }
        json(res, past(tests[id]), 202)
      },
    ],
    ['GET', /^\/v1\/rule-backtests\/(\w+)$/, (req, res, m) => json(res, past(tests[m[1]]))],
    [
      'DELETE',
      /^\/v1\/rule-backtests\/(\w+)$/,
      (req, res, m) => ((tests[m[1]].looks = 9), res.writeHead(204).end()),
    ],
    [
      'POST', // a colleague saves meanwhile
      /^\/mock\/rule$/,
      (req, res, m, q, body) =>
        json(res, write(find(body.id), { text: body.text, note: body.note }, 'edited', 'Sun Li 孙丽')),
    ],
  ]
}

// A moment of the past: it was quiet at the device.
function thenOf(t) {
  const { id, r, body } = t
  const done = ++t.looks > 2
  const at = Date.parse(body.at)
  const iso = (ms) => new Date(ms).toISOString()
  const seen = [{ device: body.device ?? 'air-21', value: 640, at: iso(at - 40_000) }]
  return {
    id,
    state: done ? 'done' : 'running',
    rule: r.id,
    at: body.at,
    from: iso(at - 3 * 1440 * minute),
    reached: iso(at - (done ? 0 : 1440 * minute)),
    events: 20_117 * t.looks,
    short: 'journal',
    rule_changed: r.at && Date.parse(r.at) > at ? r.at : undefined,
    explained: {
      in_force: true,
      standings: [],
      alerts: [],
      hiding: [],
      why: done
        ? {
            at: body.at,
            phase: 'quiet',
            per: r.per,
            key: seen[0].device,
            when: { kind: 'property', holds: 'no', property: 'co2', says: 'co2 > 1500', seen },
          }
        : undefined,
    },
  }
}

function past(t) {
  const day = 1440
  const done = ++t.looks > 2
  const finding = (ago, device_name, zone_name, value, long) => ({
    at: at(ago),
    ended: long ? at(ago - long) : undefined,
    lasts: true,
    severity: 'warning',
    count: 1,
    device: 'air-' + ago,
    device_name,
    zone_name,
    values: { co2: value },
  })
  const findings = [
    finding(2 * day + 77, 'Air 2-1', 'Room 2-1 二年级一班', 1730, 42),
    finding(day + 15, 'Air 2-2', 'Room 2-2 二年级二班', 1612, 18),
    finding(55, 'Air 2-1', 'Room 2-1 二年级一班', 1544, 0),
  ].slice(0, t.looks)
  return {
    id: t.id,
    state: done ? 'done' : 'running',
    from: at(t.days * day),
    to: at(0),
    begins: at(t.days * day),
    reached: at(t.days * day * (1 - t.looks / 3)),
    events: 61234 * t.looks,
    found: findings.length,
    findings,
  }
}
