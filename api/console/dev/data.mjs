// A made-up school for working on the console without a gateway. Nobody in it is real.

let seed = 7
const rnd = () => (seed = (seed * 16807) % 2147483647) / 2147483647
const pick = (a) => a[Math.floor(rnd() * a.length)]
export const iso = (ms) => new Date(ms).toISOString()
const t0 = Date.now()
export const minute = 60_000

export const school = {
  id: 'sch_demo',
  kind: 'school',
  name: 'Riverside Demo School 滨江演示学校',
  timezone: 'Asia/Shanghai',
  language: 'en',
}

export const sites = [{ id: 'sit_1', school: school.id, name: 'Main campus' }]
export const buildings = [
  ['bld_gate', 'Gatehouses'],
  ['bld_sci', 'Science building'],
  ['bld_main', 'Main building'],
  ['bld_dorm', 'Dorm 1'],
].map(([id, name]) => ({ id, school: school.id, site: 'sit_1', name }))
export const zones = [
  ['zon_main', 'bld_gate', 'Main gate', 'gate'],
  ['zon_side', 'bld_gate', 'Side gate', 'gate'],
  ['zon_lab1', 'bld_sci', 'Chemistry laboratory 1', 'laboratory'],
  ['zon_lab2', 'bld_sci', 'Physics laboratory', 'laboratory'],
  ['zon_canteen', 'bld_main', 'Canteen', 'canteen'],
  ['zon_71', 'bld_main', 'Classroom 7-1', 'classroom'],
  ['zon_72', 'bld_main', 'Classroom 7-2', 'classroom'],
  ['zon_dorm', 'bld_dorm', 'Dorm entrance', 'dorm'],
  ['zon_room', 'bld_dorm', 'Room 101', 'other', true],
].map(([id, building, name, kind, priv = false]) => ({
  id,
  school: school.id,
  building,
  name,
  kind,
  private: priv,
}))

const num = (title, title_zh, unit, min, max, more = {}) => ({
  title,
  title_zh,
  type: 'number',
  unit,
  minimum: min,
  maximum: max,
  ...more,
})
export const profiles = [
  {
    id: 'rtsp-camera',
    title: 'RTSP camera',
    title_zh: 'RTSP 摄像头',
    type: 'camera',
    sightings: ['face'],
    properties: { fps: num('Frames per second', '帧率', '1/s', 0, 120) },
  },
  {
    id: 'zkteco-push-terminal',
    title: 'PUSH terminal',
    title_zh: '推送终端',
    type: 'terminal',
    sightings: ['card', 'face', 'pin'],
    properties: { users: num('Users', '用户数', '1', 0, 1e5) },
    actions: {
      open: {
        title: 'Open the door',
        title_zh: '开门',
        input: { seconds: num('Seconds', '秒', 's', 1, 30) },
      },
    },
  },
  {
    id: 'smoke-heat-sensor',
    title: 'Smoke and heat sensor',
    title_zh: '烟温传感器',
    type: 'sensor',
    properties: {
      smoke: { title: 'Smoke', title_zh: '烟雾', type: 'boolean' },
      temperature: num('Temperature', '温度', 'Cel', -40, 150),
      battery: num('Battery', '电量', '%', 0, 100),
    },
  },
  {
    id: 'class-board',
    title: 'Class board',
    title_zh: '电子班牌',
    type: 'class_board',
    sightings: ['card'],
    properties: {
      brightness: num('Brightness', '亮度', '%', 0, 100, { writable: true }),
      temperature: num('Temperature', '温度', 'Cel', -40, 80),
      co2: num('CO₂', '二氧化碳', '[ppm]', 0, 5000),
    },
  },
  {
    id: 'canteen-pos',
    title: 'Canteen POS',
    title_zh: '食堂消费机',
    type: 'pos',
    sightings: ['card', 'qr'],
    properties: { paper: num('Paper left', '余纸', '%', 0, 100) },
  },
  {
    id: 'meter',
    title: 'Power meter',
    title_zh: '电表',
    type: 'sensor',
    properties: { power: num('Power', '功率', 'kW', 0, 500), energy: num('Energy', '电能', 'kW.h', 0, 1e9) },
  },
]

const field = (key, title, title_zh, more = {}) => ({
  key,
  title,
  title_zh,
  help: '',
  help_zh: '',
  default: '',
  required: false,
  secret: false,
  ...more,
})
export const drivers = [
  {
    name: 'camera',
    title: 'Cameras',
    title_zh: '摄像头',
    version: '0.1.0',
    address: [
      field('url', 'RTSP address', 'RTSP 地址', {
        required: true,
        help: 'rtsp://host:554/path',
        help_zh: 'rtsp://主机:554/路径',
      }),
      field('user', 'User', '用户名'),
      field('password', 'Password', '密码', { secret: true }),
    ],
    template: false,
    profiles: [profiles[0]],
  },
  {
    name: 'modbus',
    title: 'Modbus TCP',
    title_zh: 'Modbus TCP',
    version: '0.1.0',
    address: [
      field('host', 'Host', '主机', { required: true }),
      field('port', 'Port', '端口', { default: '502' }),
      field('unit', 'Unit id', '从站地址', { default: '1' }),
    ],
    template: true,
    profiles: [],
  },
  {
    name: 'mqtt',
    title: 'MQTT broker',
    title_zh: 'MQTT 服务器',
    version: '0.1.0',
    address: [
      field('broker', 'Broker', '服务器', { required: true, help: 'tcp://host:1883' }),
      field('password', 'Password', '密码', { secret: true }),
    ],
    template: true,
    profiles: [],
  },
  {
    name: 'zkteco',
    title: 'PUSH terminals',
    title_zh: '推送终端',
    version: '0.1.0',
    address: [field('ip', 'Address', '地址')],
    template: false,
    profiles: [profiles[1]],
  },
  {
    name: 'vendor-x',
    title: 'A vendor’s driver',
    title_zh: '厂商驱动',
    version: '',
    address: [],
    template: false,
    profiles: [],
    state: 'refused',
    reason:
      'the checksum of the program is not the one in the configuration: build it again, or correct the configuration',
  },
].map((d, i) => ({
  state: 'running',
  pid: 4000 + i,
  restarts: i === 3 ? 2 : 0,
  started: iso(t0 - 3 * 3600e3),
  devices: 0,
  observations: 12345 * (i + 1),
  pinned: i !== 2,
  sha256: '9f2b'.repeat(16),
  contract: 1,
  settings_schema: [],
  ...d,
}))

export const devices = []
function device(id, name, profile, driver, zone, state = 'online', reason = '') {
  const p = profiles.find((x) => x.id === profile)
  devices.push({
    id,
    school: school.id,
    zone,
    profile,
    driver,
    name,
    serial: 'SN' + Math.floor(rnd() * 1e6),
    address: driver === 'modbus' ? { host: '127.0.0.1', port: '5020', unit: '3' } : {},
    enabled: true,
    behind: '',
    created: iso(t0 - 40 * 86400e3),
    type: p.type,
    twin: { device: id, state, reason, last_seen: iso(t0 - 5000), seq: 1, reported: {}, desired: {} },
  })
  drivers.find((d) => d.name === driver) && drivers.find((d) => d.name === driver).devices++
}
for (const [i, z] of ['zon_main', 'zon_side', 'zon_canteen', 'zon_dorm'].entries())
  device(
    `cam-${i + 1}`,
    `Camera ${zones.find((x) => x.id === z).name.toLowerCase()}`,
    'rtsp-camera',
    'camera',
    z,
    i === 3 ? 'offline' : 'online',
    i === 3 ? 'the camera at rtsp://127.0.0.1:8554/dorm does not answer: connection refused' : '',
  )
for (let i = 1; i <= 6; i++)
  device(
    `gate-term-${i}`,
    `Turnstile ${i}`,
    'zkteco-push-terminal',
    'zkteco',
    i < 4 ? 'zon_main' : 'zon_side',
  )
for (let i = 1; i <= 24; i++)
  device(
    `board-${i}`,
    `Class board ${i}`,
    'class-board',
    'mqtt-front',
    i % 2 ? 'zon_71' : 'zon_72',
    i === 9 ? 'fault' : 'online',
    i === 9 ? 'panel temperature is out of range' : '',
  )
for (let i = 1; i <= 8; i++) device(`pos-${i}`, `Till ${i}`, 'canteen-pos', 'mqtt-front', 'zon_canteen')
for (let i = 1; i <= 12; i++)
  device(
    `lab-smoke-${i}`,
    `Smoke sensor ${i}`,
    'smoke-heat-sensor',
    i % 2 ? 'modbus' : 'mqtt-front',
    i % 3 ? 'zon_lab1' : 'zon_lab2',
    i === 12 ? 'driver_down' : 'online',
  )
for (let i = 1; i <= 16; i++)
  device(`meter-${i}`, `Meter ${i}`, 'meter', 'modbus', 'zon_lab2', i === 16 ? 'unknown' : 'online')
// Two turnstiles that were set up in a hurry, a camera without a password, boards over plain MQTT.
for (const d of devices) {
  const weak = {
    'gate-term-5': 'serial_only',
    'gate-term-6': 'serial_only',
    'cam-2': 'no_password',
    'board-3': 'plain_text',
  }
  if (d.driver !== 'modbus') d.twin.weak = weak[d.id] ?? 'none'
}

export function tick() {
  const now = Date.now()
  for (const d of devices) {
    if (d.twin.state === 'unknown') continue
    if (d.twin.state === 'online') d.twin.last_seen = iso(now - Math.floor(rnd() * 4000))
    for (const [k, p] of Object.entries(profiles.find((x) => x.id === d.profile).properties ?? {})) {
      const mid =
        {
          temperature: 22,
          co2: 800,
          battery: 88,
          brightness: 60,
          power: 12,
          energy: 48211,
          fps: 25,
          users: 640,
          paper: 70,
        }[k] ?? 1
      const value =
        p.type === 'boolean'
          ? false
          : Math.round((mid + Math.sin(now / 60000 + d.id.length) * mid * 0.05) * 100) / 100
      d.twin.reported[k] = { value, time: d.twin.last_seen }
    }
  }
}
tick()

const surnames = '王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'.split('')
const given = [
  '伟',
  '芳',
  '娜',
  '敏',
  '静',
  '丽',
  '强',
  '磊',
  '军',
  '洋',
  '勇',
  '艳',
  '杰',
  '娟',
  '涛',
  '明',
  '超',
  '秀英',
  '霞',
  '平',
]
export const people = []
for (let i = 0; i < 160; i++) {
  const kind = i < 130 ? 'student' : i < 148 ? 'staff' : i < 156 ? 'guardian' : 'visitor'
  const consent = i % 5 !== 4
  people.push({
    id: 'per_' + i,
    school: school.id,
    kind,
    name: i === 0 ? 'Franck Demo' : pick(surnames) + pick(given),
    number: kind === 'student' ? `2026-${String(i).padStart(4, '0')}` : kind === 'staff' ? `T-${i}` : '',
    class: kind === 'student' ? `7-${1 + (i % 4)}` : '',
    boarder: i % 3 === 0 && kind === 'student',
    face: consent && i % 2 === 0,
    consent,
    cards: i % 7 ? 1 : 0,
    phone: kind === 'staff' ? '13800000000' : '',
    created: iso(t0 - 30 * 86400e3),
  })
}
export const consents = new Map(
  people
    .filter((p) => p.consent)
    .map((p) => [
      p.id,
      [
        {
          person: p.id,
          given: true,
          by: p.kind === 'student' ? 'guardian' : 'self',
          note: 'paper form of 2026-09-01',
          at: iso(t0 - 20 * 86400e3),
          actor: 'admin',
        },
      ],
    ]),
)
export const passes = new Map(
  people.map((p) => [
    p.id,
    [
      ...(p.face
        ? [
            {
              id: 'pas_f' + p.id,
              person: p.id,
              method: 'face',
              quality: 0.83,
              model: 'w600k',
              created: iso(t0 - 19 * 86400e3),
            },
          ]
        : []),
      ...(p.cards
        ? [
            {
              id: 'pas_c' + p.id,
              person: p.id,
              method: 'card',
              masked: '1234',
              created: iso(t0 - 19 * 86400e3),
            },
          ]
        : []),
    ],
  ]),
)

export const sessions = [
  {
    id: 'ses_arr',
    kind: 'arrival',
    name: 'Morning arrival',
    name_zh: '早上到校',
    start: iso(t0 - 50 * minute),
    due: iso(t0 + 10 * minute),
    end: iso(t0 + 60 * minute),
    zone_kinds: ['gate'],
    who: ['student'],
    demo: true,
  },
  {
    id: 'ses_meal',
    kind: 'meal',
    name: 'Lunch',
    name_zh: '午餐',
    start: iso(t0 - 30 * minute),
    due: iso(t0 + 60 * minute),
    end: iso(t0 + 70 * minute),
    zone_kinds: ['canteen'],
    who: ['student', 'staff'],
    demo: true,
  },
  {
    id: 'ses_dorm',
    kind: 'dorm',
    name: 'Dorm tonight',
    name_zh: '晚间归寝',
    start: iso(t0 - 30 * minute),
    due: iso(t0 + 120 * minute),
    end: iso(t0 + 140 * minute),
    zone_kinds: ['dorm'],
    who: ['student'],
    boarders: true,
    demo: true,
  },
].map((s) => ({ school: school.id, ...s }))
export const attendance = []
for (const s of sessions) {
  for (const [i, p] of people.entries()) {
    if (!s.who.includes(p.kind) || (s.boarders && !p.boarder)) continue
    const state =
      i === 0 || i % 3 === 0
        ? 'arrived'
        : i % 17 === 0
          ? 'late'
          : i % 11 === 0
            ? 'excused'
            : i % 13 === 0
              ? 'unknown'
              : 'expected'
    const seen = state === 'arrived' || state === 'late'
    attendance.push({
      person: p.id,
      session: s.id,
      school: school.id,
      kind: s.kind,
      date: iso(t0).slice(0, 10),
      state,
      at: seen ? iso(t0 - (i % 40) * minute) : undefined,
      method: seen ? (p.face ? 'face' : 'card') : undefined,
      zone: seen ? 'zon_main' : undefined,
      final: false,
      reasons: seen ? ['seen_in_time'] : state === 'unknown' ? ['gate_out_of_reach'] : ['not_seen_yet'],
      sightings: [],
      exceptions: i === 6 ? ['low_margin'] : [],
      name: p.name,
      class: p.class,
    })
  }
}

export const sightings = []
for (let i = 0; i < 40; i++) {
  const unknown = i % 9 === 3
  const p = people[(i * 2) % 130]
  sightings.push({
    seq: 900 - i,
    id: 'sgt_' + i,
    school: school.id,
    device: i % 2 ? 'cam-1' : 'cam-2',
    zone: i % 2 ? 'zon_main' : 'zon_side',
    person: unknown ? undefined : p.id,
    name: unknown ? undefined : p.name,
    method: 'face',
    direction: 'in',
    time: iso(t0 - i * 42_000),
    received: iso(t0 - i * 42_000 + 200),
    match: {
      score: unknown ? 0.31 : 0.72,
      runner_up: 0.22,
      margin: unknown ? 0.09 : 0.5,
      quality: 0.81,
      frames: 7,
      reason: unknown ? 'below_threshold' : 'matched',
    },
    media: i % 3 ? undefined : 'med_face',
  })
}

let n = 0
export const alerts = []
export const incidents = []
export const shiftNotes = []

/** Which steps an answer leads to, as things are. */
export function arrange(i) {
  i.steps.forEach((s) => {
    const q = s.branch && i.steps[s.branch.step]
    s.skipped = !!q && (q.skipped || !q.done || q.answer !== s.branch.answer)
  })
}

export const procedures = [
  {
    id: 'fire',
    school: '',
    version: 1,
    title: 'Fire in a building',
    title_zh: '楼内火情',
    at: iso(Date.now()),
    steps: [
      { text: 'Send the nearest trained adult to look', text_zh: '派最近的受训人员查看', within_s: 60 },
      {
        text: 'Are smoke or flames seen?',
        text_zh: '是否看到烟或火？',
        answers: [
          { id: 'yes', text: 'Yes', text_zh: '是', steps: [{ text: 'Call 119', text_zh: '拨打119' }] },
          { id: 'no', text: 'No', text_zh: '否' },
        ],
      },
    ],
  },
]

export function standing() {
  const open = incidents.filter((i) => i.state !== 'closed')
  return {
    at: iso(Date.now()),
    incidents: open.map((i) => ({ ...i, alerts: i.alerts.length, steps: i.steps.length, steps_done: 1 })),
    incident_count: open.length,
    open: [],
    open_count: 0,
    acknowledged: [],
    acknowledged_count: 0,
    silenced: [],
    silenced_count: 0,
    hidden: [
      {
        id: 'sup_1',
        kind: 'window',
        reason: 'The ceiling is painted',
        by_name: 'Chen Li',
        holds: true,
        until: iso(Date.now() + 3 * 3600_000),
        hides: 2,
        covers: ['Chemistry laboratory 1'],
      },
      {
        id: 'sup_2',
        kind: 'shelf',
        reason: 'A new sensor comes tomorrow',
        by_name: 'Guard One',
        holds: true,
        until: iso(Date.now() + 20 * 3600_000),
        hides: 1,
        title: 'High CO\u2082 in a classroom',
        title_zh: '教室二氧化碳过高',
        covers: ['Classroom 7-1', 'CO\u2082 sensor 7-1'],
      },
    ],
    hidden_count: 2,
    holders: [],
  }
}
export function raise(a) {
  n++
  const now = iso(Date.now() - (a.ago ?? 0))
  const alert = {
    id: 'alt_' + n,
    school: school.id,
    state: 'open',
    firing: true,
    audible: a.severity !== 'info',
    count: 1,
    opened: now,
    last_fired: now,
    event_seq: 1000 + n,
    version: 1,
    ...a,
  }
  delete alert.ago
  alerts.unshift(alert)
  return alert
}
raise({
  rule: 'gateway:disk',
  severity: 'warning',
  title: "The gateway's disk has little space left",
  title_zh: '网关磁盘空间偏少',
  text: 'Free some on the disk of the data folder, or move the folder to a larger one; the status page says how much is left.',
  text_zh: '请清理数据目录所在磁盘，或迁移到更大的磁盘；剩余空间见状态页。',
  audible: false,
  ago: 5 * minute,
})
raise({
  rule: 'co2-classroom',
  severity: 'info',
  title: 'High CO₂ in a classroom',
  title_zh: '教室二氧化碳偏高',
  device: 'board-3',
  device_name: 'Class board 3',
  zone: 'zon_71',
  zone_name: 'Classroom 7-1',
  values: { co2: 1612 },
  ago: 50 * minute,
})
raise({
  rule: 'device-offline',
  severity: 'warning',
  title: 'Device offline for more than 10 minutes',
  title_zh: '设备离线超过 10 分钟',
  device: 'cam-4',
  device_name: 'Camera dorm entrance',
  zone: 'zon_dorm',
  zone_name: 'Dorm entrance',
  ago: 31 * minute,
  count: 3,
})
raise({
  rule: 'driver-down',
  severity: 'major',
  title: 'A driver is not running',
  title_zh: '驱动未运行',
  state: 'acknowledged',
  handler: 'usr_2',
  handler_name: 'Chen Gang',
  acknowledged: iso(t0 - 9 * minute),
  version: 2,
  values: { devices: 12 },
  ago: 12 * minute,
})
raise({
  rule: 'stranger-at-gate',
  severity: 'major',
  title: 'Unknown person at a gate',
  title_zh: '校门出现陌生人',
  device: 'cam-2',
  device_name: 'Camera side gate',
  zone: 'zon_side',
  zone_name: 'Side gate',
  sighting: 'sgt_3',
  media: 'med_face',
  firing: false,
  ago: 3 * minute,
})
raise({
  rule: 'door-held',
  severity: 'warning',
  title: 'Door held open',
  title_zh: '门长时间未关',
  state: 'resolved',
  comment: 'Delivery of books, closed again.',
  handler_name: 'Chen Gang',
  resolver_name: 'Chen Gang',
  resolved: iso(t0 - minute),
  zone_name: 'Main gate',
  device_name: 'Turnstile 2',
  device: 'gate-term-2',
  version: 3,
  firing: false,
  ago: 90 * minute,
})
export function smoke() {
  const a = raise({
    rule: 'smoke-and-heat',
    severity: 'critical',
    title: 'Smoke and heat in a laboratory',
    title_zh: '实验室烟雾且高温',
    device: 'lab-smoke-1',
    device_name: 'Smoke sensor 1',
    zone: 'zon_lab1',
    zone_name: 'Chemistry laboratory 1',
    values: { smoke: true, temperature: 61.4 },
  })
  const at = (s) => iso(Date.parse(a.opened) + s * 1000)
  a.commands = [
    {
      id: 'cmd_s' + n,
      device: 'siren-1',
      device_name: 'Siren, science building',
      action: 'sound',
      state: 'applied',
      by: 'rule smoke-and-heat',
      alert: a.id,
      made: a.opened,
      due: at(60),
      changed: at(2),
      times: [
        { state: 'accepted', at: a.opened },
        { state: 'sent', at: at(1) },
        { state: 'applied', at: at(2) },
      ],
    },
  ]
  const i = {
    id: 'inc_' + n,
    school: school.id,
    title: 'Fire in Chemistry laboratory 1',
    title_zh: '化学实验室 1 火情',
    severity: 'critical',
    state: 'open',
    alerts: [a.id],
    where: [
      {
        zone: a.zone,
        zone_name: a.zone_name,
        building: 'bld_lab',
        building_name: 'Science building',
        site_name: 'Main campus',
        alerts: 1,
        firing: 1,
        device: a.device,
      },
    ],
    opened: a.opened,
    version: 1,
    steps: [
      {
        text: 'Look at the nearest camera, or go there in twos',
        text_zh: '查看最近的摄像头，或两人前往现场',
        done: true,
        by: 'Chen Gang',
        at: iso(Date.now()),
      },
      {
        text: 'Are smoke or flames seen?',
        text_zh: '是否看到烟或火？',
        done: false,
        answers: [
          { id: 'yes', text: 'Yes', text_zh: '是' },
          { id: 'no', text: 'No', text_zh: '否' },
        ],
      },
      {
        text: 'Clear the laboratory and the floor above',
        text_zh: '疏散实验室及楼上人员',
        done: false,
        branch: { step: 1, answer: 'yes' },
        skipped: true,
        owner: 'security',
        within_s: 60,
      },
      {
        text: 'Call the fire brigade on 119 if there are flames',
        text_zh: '见明火立即拨打 119',
        done: false,
      },
      { text: 'Count the class at the meeting point', text_zh: '在集合点清点人数', done: false },
    ],
    handover: {
      requested: true,
      approver_role: 'admin',
      approval: 'waiting',
      link: 'off',
      sent: false,
      note: 'the police link is off: nothing was sent',
    },
  }
  a.incident = i.id
  incidents.unshift(i)
  return a
}
smoke()

export const keys = [
  {
    id: 'key_1',
    school: school.id,
    name: 'Canteen reports',
    permissions: ['attendance:read', 'people:read'],
    created: iso(t0 - 5 * 86400e3),
    expires: iso(t0 + 85 * 86400e3),
    last_used: iso(t0 - 3600e3),
    revoked: false,
  },
]
export const webhooks = [
  {
    id: 'whk_1',
    school: school.id,
    url: 'https://sis.school.example/gatehouse',
    kinds: ['alert', 'attendance'],
    created: iso(t0 - 86400e3),
    disabled: false,
  },
]
export const deliveries = [
  {
    id: 2,
    webhook: 'whk_1',
    event_id: 'evt_1002',
    seq: 1002,
    attempt: 3,
    next: iso(t0 + 5 * minute),
    status: 503,
    error: 'the server answered 503',
    done: false,
    created: iso(t0 - 4 * minute),
  },
  {
    id: 1,
    webhook: 'whk_1',
    event_id: 'evt_1001',
    seq: 1001,
    attempt: 1,
    status: 204,
    done: true,
    created: iso(t0 - 20 * minute),
    finished: iso(t0 - 20 * minute),
  },
]
export const users = [
  ['usr_1', 'admin', 'Demo Admin', 'admin'],
  ['usr_2', 'guard', 'Chen Gang', 'security'],
  ['usr_3', 'facility', 'Sun Li', 'facility'],
  ['usr_4', 'teacher', 'Wang Fang', 'teacher'],
].map(([id, name, full_name, role]) => ({
  id,
  school: school.id,
  name,
  full_name,
  role,
  language: 'en',
  disabled: false,
  created: iso(t0 - 30 * 86400e3),
}))
export const audit = Array.from({ length: 60 }, (_, i) => ({
  seq: 60 - i,
  time: iso(t0 - i * 7 * minute),
  school: school.id,
  actor: pick(['admin', 'guard', 'teacher']),
  deed: pick(['person.open', 'alert.acknowledge', 'device.create', 'session.sign-in', 'camera.view']),
  object: pick(['per_3', 'alt_2', 'board-9', 'cam-1']),
  reason: i % 4 ? '' : 'A parent asks',
  hash: (i * 7919 + 13).toString(16).padStart(64, 'a'),
}))
export const knocks = [
  {
    driver: 'zkteco',
    serial: 'CKJG0009',
    title: 'Terminal CKJG0009, calling from 10.1.4.30',
    address: { ip: '10.1.4.30' },
    profile: 'zkteco-push-terminal',
  },
]
export const refusals = [
  {
    time: iso(t0 - 2 * minute),
    source: '127.0.0.1:51234',
    claimed: 'board-99',
    reason: 'no device of this name is registered',
    count: 14,
  },
]
export const statusLog = [
  { seq: 3, device: 'x', time: iso(t0 - 5 * minute), state: 'online' },
  { seq: 2, device: 'x', time: iso(t0 - 9 * minute), state: 'offline', reason: 'connection refused' },
]
export const commands = [
  {
    id: 'cmd_2',
    device: 'x',
    action: 'open',
    state: 'expired',
    reason: 'the device did not come in time; it will not get it any more',
    by: 'rule fire',
    made: iso(t0 - 5 * 60e3),
    due: iso(t0 - 4 * 60e3),
    changed: iso(t0 - 4 * 60e3),
  },
  {
    id: 'cmd_1',
    device: 'x',
    action: 'write',
    state: 'applied',
    reason: 'setpoint=21',
    by: 'Ms Li',
    made: iso(t0 - 3600e3),
    due: iso(t0 - 3540e3),
    changed: iso(t0 - 3599e3),
  },
]
export const levels = [
  ['lockdown', 'Lockdown', '封锁', 'critical', 'Lock the doors, lights off, out of sight.'],
  ['evacuate', 'Evacuate', '疏散', 'critical', 'Leave by the nearest safe way.'],
  ['shelter', 'Shelter inside', '室内避险', 'major', 'Everybody inside.'],
  ['hold', 'Hold', '原地等待', 'warning', 'Stay in the rooms.'],
].map(([id, title, title_zh, severity, text]) => ({
  id,
  school: 'sch_1',
  title,
  title_zh,
  text,
  severity,
  raise: id === 'evacuate' ? [{ action: 'unlock' }] : [],
  clear: [],
  version: 0,
}))
export const lockdowns = []
export const unknownFields = [
  { name: 'rssi', kind: 'number', example: '-61', count: 812, first: iso(t0 - 3600e3), last: iso(t0 - 4e3) },
  { name: 'wifi', count: 812, first: iso(t0 - 3600e3), last: iso(t0 - 4e3) },
]
export const occurrences = [
  { device: 'terminal-1', name: 'Main gate, turnstile 1', kind: 'door', data: { what: 'forced', door: 1 } },
  { device: 'terminal-1', name: 'Main gate, turnstile 1', kind: 'tamper' },
  { device: 'terminal-1', name: 'Main gate, turnstile 1', kind: 'door', data: { what: 'opened', door: 1 } },
].map((o, i) => ({
  ...o,
  seq: 60 - i,
  id: 'occ_' + i,
  school: school.id,
  profile: 'zkteco-push-terminal',
  time: iso(t0 - i * 5 * minute),
  received: iso(t0 - i * 5 * minute),
}))
export const rejections = [
  {
    seq: 4,
    device: 'board-9',
    time: iso(t0 - 3 * minute),
    reason: 'temperature: 912 is above the maximum 80',
    source: 'mqtt board-9/telemetry',
    excerpt: '{"temperature":912}',
  },
]

const counted = {
  school: school.id,
  sightings: 0,
  replayed: 0,
  late: 0,
  duplicates: 0,
  unknown: 0,
  strangers: 0,
  rejected: 0,
  clock_refused: 0,
  gaps: 0,
  gap_seconds: 0,
  clock: { count: 0, min_ms: 0, max_ms: 0 },
  clock_median_ms: 0,
  findings: [],
  level: 'good',
}
export const deviceQuality = (day) => [
  {
    ...counted,
    day,
    device: 'gate-term-1',
    name: 'Turnstile 1',
    level: 'bad',
    observations: 512,
    sightings: 512,
    unknown: 4,
    clock: { count: 512, min_ms: 124000, max_ms: 125000 },
    clock_median_ms: 124600,
    findings: [
      {
        kind: 'clock',
        level: 'bad',
        message:
          'Its clock is 2 min 4 s ahead. Attendance and alerts from it are off by as much. Set the clock, and give the device an NTP server.',
        message_zh:
          '设备时钟快了约 2 分 4 秒。由此得出的考勤和告警会有同样的偏差。请校准时钟，并为设备设置 NTP 服务器。',
      },
    ],
  },
  {
    ...counted,
    day,
    device: 'board-9',
    name: 'Class board 9',
    level: 'look',
    observations: 1440,
    gaps: 2,
    gap_seconds: 1500,
    findings: [
      {
        kind: 'gaps',
        level: 'look',
        message:
          'It was silent twice, 25 minutes in all: nothing is known of that time. Check its power and its network.',
        message_zh: '设备失联 2 次，共 25 分钟：这段时间的数据缺失。请检查供电和网络。',
      },
    ],
  },
  { ...counted, day, device: 'meter-1', name: 'Meter 1', observations: 1440, replayed: 20 },
]
export const qualityDays = (day) => [
  {
    ...counted,
    day,
    devices: 70,
    bad: 1,
    look: 1,
    kinds: { clock: 1, gaps: 1 },
    observations: 90210,
    replayed: 20,
    gaps: 2,
    gap_seconds: 1500,
    strangers: 12,
  },
]

export const floors = [
  {
    id: 'flo_sci1',
    school: school.id,
    building: 'bld_sci',
    name: 'Ground floor',
    level: 0,
    plan: { picture: 'pln_1', type: 'image/svg+xml', width: 800, height: 500 },
  },
  { id: 'flo_sci2', school: school.id, building: 'bld_sci', name: 'Second floor', level: 1 },
]
export const areas = {
  zon_lab1: { x: 0.02, y: 0.04, w: 0.46, h: 0.5 },
  zon_lab2: { x: 0.52, y: 0.04, w: 0.46, h: 0.5 },
}
export const spots = {}
for (const z of zones.filter((x) => x.building === 'bld_sci')) {
  z.floor = 'flo_sci1'
  for (const [i, x] of devices.filter((x) => x.zone === z.id).entries()) {
    const a = areas[z.id]
    if (i < 5) spots[x.id] = { x: a.x + 0.06 + i * 0.08, y: a.y + 0.2 + (i % 2) * 0.15 }
  }
}
export const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 500" width="800" height="500">
<rect width="800" height="500" fill="#fff"/><g fill="none" stroke="#444" stroke-width="4">
<path d="M4 4h792v492H4zM400 4v280M4 284h330M466 284h330M4 384h792"/></g>
<text x="20" y="440" font-size="20" fill="#666">Corridor</text></svg>`
export const planOf = (floor) => ({
  floor,
  rooms: zones
    .filter((z) => z.floor === floor.id)
    .map((z) => ({ id: z.id, name: z.name, kind: z.kind, private: z.private, area: areas[z.id] })),
  devices: devices
    .filter((x) => zones.find((z) => z.id === x.zone)?.floor === floor.id)
    .map((x) => ({
      id: x.id,
      name: x.name,
      zone: x.zone,
      type: x.type,
      state: x.twin.state,
      spot: spots[x.id],
    })),
})
export const whereabouts = (zone, device) => {
  const at = devices.find((x) => x.id === device)
  const z = zones.find((x) => x.id === (zone || at?.zone))
  const camera = devices.find((x) => x.type === 'camera')
  return {
    school: school.id,
    zone: z.id,
    zone_name: z.name,
    building: z.building,
    building_name: buildings.find((b) => b.id === z.building).name,
    site_name: 'Main campus',
    floor: floors.find((f) => f.id === z.floor),
    area: areas[z.id],
    spot: spots[device],
    camera: { id: camera.id, name: camera.name, state: camera.twin.state, near: 'building' },
  }
}

export const addresses = [
  {
    id: 'adr_1',
    way: 'email',
    shown: 'li…@school.example',
    created: iso(Date.now() - 9e7),
    confirmed: iso(Date.now() - 8e7),
  },
  { id: 'adr_2', way: 'sms', shown: '…8000', created: iso(Date.now() - 9e6) },
]
export const channels = [
  {
    id: 'chn_1',
    school: school.id,
    kind: 'smtp',
    way: 'email',
    name: 'School mail',
    settings: { host: 'mail.school.example', from: 'gate@school.example' },
    secrets: ['password'],
    disabled: false,
    created: iso(Date.now() - 9e8),
    health: { sent: 1812, failed: 3, last_sent: iso(Date.now() - 6e4) },
  },
  {
    id: 'chn_2',
    school: school.id,
    kind: 'wecom',
    way: 'chat',
    name: 'Guards',
    settings: {},
    secrets: ['key'],
    disabled: false,
    created: iso(Date.now() - 8e8),
    health: {
      sent: 40,
      failed: 12,
      last_sent: iso(Date.now() - 9e6),
      last_error: 'the robot answered 93000: invalid webhook url',
      error_at: iso(Date.now() - 6e4),
    },
  },
]
export const channelKinds = [
  {
    kind: 'smtp',
    way: 'email',
    per_minute: 0,
    fields: [
      { name: 'host', secret: false, needed: true },
      { name: 'port', secret: false, needed: false },
      { name: 'security', secret: false, needed: false, options: ['starttls', 'tls', 'none'] },
      { name: 'from', secret: false, needed: true },
      { name: 'username', secret: false, needed: false },
      { name: 'password', secret: true, needed: false },
    ],
  },
  {
    kind: 'smpp',
    way: 'sms',
    per_minute: 0,
    fields: [
      { name: 'host', secret: false, needed: true },
      { name: 'port', secret: false, needed: false },
      { name: 'security', secret: false, needed: false, options: ['tls', 'none'] },
      { name: 'system_id', secret: false, needed: true },
      { name: 'password', secret: true, needed: true },
      { name: 'system_type', secret: false, needed: false },
      { name: 'sender', secret: false, needed: false },
      { name: 'long_texts', secret: false, needed: false, options: ['parts', 'payload'] },
      { name: 'alphabet', secret: false, needed: false, options: ['gsm7', 'ucs2'] },
      { name: 'receipts', secret: false, needed: false, options: ['same', 'decimal', 'off'] },
      { name: 'enquire_seconds', secret: false, needed: false },
      { name: 'ca', secret: false, needed: false },
    ],
  },
  {
    kind: 'wecom',
    way: 'chat',
    per_minute: 20,
    fields: [
      { name: 'url', secret: false, needed: false },
      { name: 'key', secret: true, needed: true },
    ],
  },
]
export const messages = [
  {
    id: 'msg_1',
    school: school.id,
    lane: 'bulk',
    kind: 'broadcast',
    params: {
      subject: 'School closes at noon',
      text: 'Because of the storm the school closes at noon. Please collect your child by 12:30.',
    },
    steps: [],
    asked: 'usr_1 Li Wei',
    created: iso(Date.now() - 3.6e6),
    expires: iso(Date.now() + 2e8),
    counts: { read: 812, sent: 61, delivered: 20, failed: 7 },
  },
  {
    id: 'msg_2',
    school: school.id,
    lane: 'alarm',
    kind: 'alert',
    params: { title: 'Smoke in chemistry lab 1' },
    steps: [],
    asked: 'gateway:escalate',
    created: iso(Date.now() - 9e6),
    expires: iso(Date.now() + 2e7),
    counts: { read: 1, stopped: 1 },
  },
]
export const told = [
  {
    id: 1,
    person: 'per_1',
    name: 'Wang Fang',
    state: 'read',
    read: iso(Date.now() - 3e6),
    ways: [{ id: 1, channel: 'chn_1', way: 'email', state: 'sent', code: 'smtp 250', attempt: 1 }],
  },
  {
    id: 2,
    person: 'per_2',
    name: 'Zhao Lei',
    state: 'sent',
    ways: [{ id: 2, channel: 'chn_1', way: 'email', state: 'sent', code: 'smtp 250', attempt: 1 }],
  },
  {
    id: 3,
    person: 'per_3',
    name: 'Chen Jing',
    state: 'failed',
    code: 'smtp 550',
    ways: [
      {
        id: 3,
        channel: 'chn_1',
        way: 'email',
        state: 'failed',
        code: 'smtp 550',
        error: 'sending SMTP RCPT TO command: 550 5.1.1 no such mailbox',
        attempt: 1,
      },
    ],
  },
  { id: 4, person: 'per_4', name: 'Sun Mei', state: 'failed', code: 'not_wished', ways: [] },
]
