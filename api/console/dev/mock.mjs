// A stand-in for the gateway's API with a made-up school, for working on the console:
//   npm run mock, then npm run dev   (sign in as admin / demo-password-1)
// It also serves dist/, so that e2e/run.mjs can be tried without a gateway.

import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as d from './data.mjs'
import { calendar } from './calendar.mjs'
import { timetable } from './timetable.mjs'
import { desk } from './desk.mjs'
import { exceptions } from './exceptions.mjs'
import { meals } from './meals.mjs'
import { musters } from './musters.mjs'
import { leave } from './leave.mjs'
import { visitors } from './visits.mjs'
import { duty } from './duty.mjs'
import { handling, noted } from './handling.mjs'
import { monthOf } from './month.mjs'
import { screens } from './screens.mjs'
import { rules } from './rules.mjs'
import { hiddenAs, hiddenTallies, shelving } from './shelving.mjs'

const dist = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'dist')
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const permissions = [
  'devices:read',
  'devices:write',
  'drivers:read',
  'people:read',
  'people:open',
  'people:write',
  'faces:admin',
  'sightings:read',
  'sightings:write',
  'attendance:read',
  'attendance:write',
  'visits:read',
  'visits:write',
  'alerts:read',
  'alerts:write',
  'alerts:suppress',
  'incidents:approve',
  'rules:write',
  'telemetry:read',
  'camera:view',
  'messages:send',
  'keys:admin',
  'users:admin',
  'settings:write',
  'audit:read',
  'status:read',
  'lockdown:raise',
  'lockdown:clear',
]

// The alerts and incidents that each gateway begins with, whatever happened in one before it.
const begun = structuredClone({ alerts: d.alerts, incidents: d.incidents })

export function mock({ empty = false, demo = true } = {}) {
  for (const list of ['alerts', 'incidents']) d[list].splice(0, Infinity, ...structuredClone(begun[list]))
  const state = { empty, seq: 2000, streams: new Set(), log: [], undo: {} }
  const me = { user: d.users[0], school: d.school, permissions, csrf: 'csrf-token', demo, version: 'dev' }

  const ranks = ['info', 'warning', 'major', 'critical']
  const none = () => Object.fromEntries(ranks.map((r) => [r, 0]))
  const wall = (q) => {
    const all = d.alerts.filter((a) => !a.hidden && (a.state === 'open' || a.state === 'acknowledged'))
    const w = { items: [], open: none(), acknowledged: none(), hidden: hiddenTallies(d.alerts) }
    for (const a of all) w[a.state][a.severity]++
    const key = (a) => ranks.indexOf(a.severity) * 2 + (a.state === 'open' ? 1 : 0)
    w.items = all
      .filter((a) => !q.get('state') || a.state === q.get('state'))
      .filter((a) => !q.get('severity') || a.severity === q.get('severity'))
      .filter((a) => !q.get('zone') || a.zone === q.get('zone'))
      .sort((a, b) => key(b) - key(a) || Date.parse(b.opened) - Date.parse(a.opened))
    const limit = Number(q.get('limit') ?? 200)
    const by = q.get('group')
    if (by && q.get('key')) w.items = w.items.filter((a) => groupKey(a, by) === q.get('key'))
    else if (by) {
      const groups = gather(w.items, by)
      Object.assign(w, { items: [], groups: groups.slice(0, limit), group_count: groups.length })
    }
    w.items = w.items.slice(0, limit)
    return w
  }

  const emit = (kind, part) => {
    const e = {
      seq: ++state.seq,
      id: 'evt_' + state.seq,
      kind,
      school: d.school.id,
      time: d.iso(Date.now()),
      received: d.iso(Date.now()),
      ...part,
    }
    state.log.push(e)
    for (const s of state.streams) s(e)
  }
  const refuse = (res, status, code, detail, errors) =>
    json(
      res,
      { type: '/docs#' + code, title: code, status, detail, code, request_id: 'mock', errors },
      status,
      'application/problem+json',
    )
  const list = (res, items, q) => {
    const from = Number(q.get('cursor') ?? 0)
    const limit = Number(q.get('limit') ?? 100)
    json(res, {
      items: items.slice(from, from + limit),
      next: from + limit < items.length ? String(from + limit) : '',
    })
  }
  const alertDeed = (res, id, deed, body) => {
    const a = d.alerts.find((x) => x.id === id)
    if (!a) return refuse(res, 404, 'not_found', 'there is no such alert')
    if (a.version !== body.version) return refuse(res, 409, 'conflict', 'the alert has changed meanwhile')
    a.version++
    a.handler ??= me.user.id
    a.handler_name ??= me.user.full_name
    if (deed === 'acknowledge') {
      const until = d.iso(Date.now() + (body.minutes || 30) * d.minute)
      Object.assign(a, { state: 'acknowledged', acknowledged: d.iso(Date.now()), ack_until: until })
      noted(a, 'acknowledged', me, { until })
    }
    if (deed === 'resolve')
      Object.assign(a, {
        state: 'resolved',
        resolver: me.user.id,
        resolver_name: me.user.full_name,
        resolved: d.iso(Date.now()),
        comment: body.comment,
        firing: false,
      })
    if (deed === 'close')
      Object.assign(a, {
        state: 'closed',
        closer: me.user.id,
        closer_name: me.user.full_name,
        closed: d.iso(Date.now()),
      })
    emit('alert', { alert: a })
    json(res, a)
  }

  const routes = [
    ...duty(json, list),
    ...calendar(json, list),
    ...timetable(json, list),
    ...meals(json, list),
    ...desk(json, list, () => presence()),
    ...exceptions(json, list, () => presence(), d.zones),
    ...musters(json, list, () => presence()),
    ...leave(json, list),
    ...visitors(json, list),
    ...screens({ json, list, refuse }),
    ...rules(json, list, d.school, d.users[0], d.alerts, (r, deed) =>
      emit('rule', {
        rule: { rule: r.id, version: r.version, deed, enabled: r.enabled, by_name: r.by_name, note: r.note },
      }),
    ),
    ['GET', /^\/v1\/setup$/, (req, res) => json(res, { needed: state.empty })],
    [
      'POST',
      /^\/v1\/setup$/,
      (req, res, m, q, b) => {
        if (String(b.password).length < 10)
          return refuse(res, 422, 'invalid', 'use at least 10 characters', [
            { field: 'password', message: 'use at least 10 characters' },
          ])
        state.empty = false
        signIn(res)
      },
    ],
    [
      'POST',
      /^\/v1\/session$/,
      (req, res, m, q, b) =>
        b.name === 'admin' && b.password === 'demo-password-1'
          ? signIn(res)
          : refuse(res, 401, 'unauthenticated', 'name or password is wrong'),
    ],
    [
      'DELETE',
      /^\/v1\/session$/,
      (req, res) => {
        res.setHeader('Set-Cookie', 'gatehouse_session=; Path=/; Max-Age=0')
        res.writeHead(204).end()
      },
    ],
    ['GET', /^\/v1\/me$/, (req, res) => json(res, me)],
    [
      'PUT',
      /^\/v1\/me$/,
      (req, res, m, q, b) => {
        Object.assign(me.user, b)
        json(res, me)
      },
    ],
    [
      'PUT',
      /^\/v1\/me\/password$/,
      (req, res, m, q, b) =>
        b.old === 'demo-password-1'
          ? res.writeHead(204).end()
          : refuse(res, 422, 'invalid', 'the present password is wrong'),
    ],
    ['GET', /^\/v1\/me\/addresses$/, (req, res, m, q) => list(res, d.addresses, q)],
    [
      'POST',
      /^\/v1\/me\/addresses$/,
      (req, res, m, q, b) => {
        const a = { id: 'adr_' + ++state.seq, way: b.way, shown: b.value, created: d.iso(Date.now()) }
        d.addresses.push(a)
        json(res, a, 201)
      },
    ],
    ['POST', /^\/v1\/me\/addresses\/.+\/code$/, (req, res) => res.writeHead(202).end()],
    [
      'POST',
      /^\/v1\/me\/addresses\/(.+)\/confirm$/,
      (req, res, m) => {
        d.addresses.find((a) => a.id === m[1]).confirmed = d.iso(Date.now())
        res.writeHead(204).end()
      },
    ],
    ['GET', /^\/v1\/me\/wishes$/, (req, res) => json(res, { quiet_from: '22:00', quiet_to: '06:30' })],
    ['PUT', /^\/v1\/me\/wishes$/, (req, res) => res.writeHead(204).end()],
    ['GET', /^\/v1\/channels$/, (req, res, m, q) => list(res, d.channels, q)],
    ['GET', /^\/v1\/channel-kinds$/, (req, res, m, q) => list(res, d.channelKinds, q)],
    ['POST', /^\/v1\/channels\/.+\/test$/, (req, res) => json(res, { message: 'msg_1' }, 202)],
    ['GET', /^\/v1\/messages$/, (req, res, m, q) => list(res, d.messages, q)],
    [
      'GET',
      /^\/v1\/messages\/([^/]+)$/,
      (req, res, m) =>
        json(
          res,
          d.messages.find((x) => x.id === m[1]),
        ),
    ],
    [
      'GET',
      /^\/v1\/messages\/[^/]+\/recipients$/,
      (req, res, m, q) =>
        list(
          res,
          d.told.filter((x) => !q.get('unread') || !x.read),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/broadcasts\/preview$/,
      (req, res) =>
        json(res, {
          recipients: 900,
          people: 880,
          users: 20,
          by_way: { email: 610, sms: 858 },
          no_address: 12,
          not_wished: 30,
        }),
    ],
    ['POST', /^\/v1\/broadcasts$/, (req, res) => json(res, { id: 'msg_1' }, 202)],
    ['POST', /^\/v1\/messages\/[^/]+\/again$/, (req, res) => json(res, { id: 'msg_1' }, 202)],
    ['GET', /^\/v1\/schools$/, (req, res, m, q) => list(res, [d.school], q)],
    ['PUT', /^\/v1\/schools\/(.+)$/, (req, res, m, q, b) => json(res, Object.assign(d.school, b))],
    [
      'GET',
      /^\/v1\/places$/,
      (req, res) => json(res, { sites: d.sites, buildings: d.buildings, floors: d.floors, zones: d.zones }),
    ],
    [
      'POST',
      /^\/v1\/(sites|buildings|floors|zones)$/,
      (req, res, m, q, b) => {
        const x = { ...b, id: 'new_' + ++state.seq }
        d[m[1]].push(x)
        json(res, x, 201)
      },
    ],
    [
      'PUT',
      /^\/v1\/(sites|buildings|floors|zones)\/([^/]+)$/,
      (req, res, m, q, b) =>
        json(
          res,
          Object.assign(
            d[m[1]].find((x) => x.id === m[2]),
            b,
          ),
        ),
    ],
    [
      'DELETE',
      /^\/v1\/(sites|buildings|floors|zones)\/([^/]+)$/,
      (req, res) => refuse(res, 409, 'conflict', 'it is in use: 3 devices are there'),
    ],
    [
      'GET',
      /^\/v1\/floors\/([^/]+)\/plan$/,
      (req, res, m) => {
        const floor = d.floors.find((x) => x.id === m[1])
        if (!floor) return refuse(res, 404, 'not_found', 'there is no such floor')
        res.setHeader('ETag', '"1"')
        json(res, d.planOf(floor))
      },
    ],
    [
      'PUT',
      /^\/v1\/floors\/([^/]+)\/spots$/,
      (req, res, m, q, b) => {
        for (const s of d.floors.flatMap((f) => d.planOf(f).devices)) delete d.spots[s.id]
        for (const s of b.devices) d.spots[s.device] = { x: s.x, y: s.y }
        for (const r of b.rooms) d.areas[r.zone] = { x: r.x, y: r.y, w: r.w, h: r.h }
        json(res, d.planOf(d.floors.find((x) => x.id === m[1])))
      },
    ],
    [
      'GET',
      /^\/v1\/floors\/([^/]+)\/drawing$/,
      (req, res) => {
        res.writeHead(200, { 'Content-Type': 'image/svg+xml' })
        res.end(d.drawing)
      },
    ],
    [
      'GET',
      /^\/v1\/whereabouts$/,
      (req, res, m, q) => json(res, d.whereabouts(q.get('zone'), q.get('device'))),
    ],
    ['GET', /^\/v1\/profiles$/, (req, res, m, q) => list(res, d.profiles, q)],
    [
      'PUT',
      /^\/v1\/profiles\/(.+)$/,
      (req, res, m, q, b) => {
        d.profiles.push(b)
        json(res, b)
      },
    ],
    [
      'GET',
      /^\/v1\/devices\/summary$/,
      (req, res) =>
        json(res, {
          states: count(d.devices, (x) => x.twin.state),
          types: count(d.devices, (x) => x.type),
          weak: count(d.devices, (x) => x.twin.weak ?? 'unknown'),
        }),
    ],
    [
      'POST',
      /^\/v1\/devices\/probe$/,
      (req, res, m, q, b) =>
        setTimeout(
          () =>
            json(
              res,
              b.address?.host === '127.0.0.9'
                ? { ok: false, message: 'nothing answers at 127.0.0.9:502: connection refused' }
                : { ok: true, message: 'it answers', values: { temperature: 21.4 } },
            ),
          400,
        ),
    ],
    [
      'GET',
      /^\/v1\/devices$/,
      (req, res, m, q) => {
        d.tick()
        const want = (k, v) => !q.get(k) || q.get(k) === v
        const text = (q.get('q') ?? '').toLowerCase()
        list(
          res,
          d.devices.filter(
            (x) =>
              want('zone', x.zone) &&
              want('type', x.type) &&
              want('driver', x.driver) &&
              want('state', x.twin.state) &&
              weakAs(q.get('weak'), x.twin.weak) &&
              (x.name + x.id + x.serial).toLowerCase().includes(text),
          ),
          q,
        )
      },
    ],
    [
      'POST',
      /^\/v1\/devices$/,
      (req, res, m, q, b) => {
        const id = 'dev_' + ++state.seq
        const { secret: _, ...rest } = b
        const row = {
          ...rest,
          id,
          school: d.school.id,
          enabled: true,
          created: d.iso(Date.now()),
          type: d.profiles.find((p) => p.id === b.profile)?.type ?? 'other',
          twin: { device: id, state: 'unknown', seq: 0 },
        }
        d.devices.unshift(row)
        json(
          res,
          {
            device: row,
            ...(b.driver === 'mqtt-front'
              ? {
                  password: 'Jx2-mock-password',
                  mqtt: {
                    host: '127.0.0.1',
                    port: 1883,
                    client_id: id,
                    username: id,
                    prefix: `gatehouse/${id}`,
                    example: `mosquitto_pub -h 127.0.0.1 -p 1883 -i ${id} -u ${id} -P Jx2-mock-password -q 1 -t gatehouse/${id}/telemetry -m '{"temperature":20}'`,
                  },
                }
              : {}),
          },
          201,
        )
      },
    ],
    [
      'GET',
      /^\/v1\/devices\/([^/]+)$/,
      (req, res, m) => {
        d.tick()
        const x = d.devices.find((y) => y.id === m[1])
        x ? json(res, x) : refuse(res, 404, 'not_found', `there is no device "${m[1]}"`)
      },
    ],
    [
      'PUT',
      /^\/v1\/devices\/([^/]+)$/,
      (req, res, m, q, b) =>
        json(
          res,
          Object.assign(
            d.devices.find((y) => y.id === m[1]),
            b,
          ),
        ),
    ],
    [
      'DELETE',
      /^\/v1\/devices\/([^/]+)$/,
      (req, res, m) => {
        d.devices.splice(
          d.devices.findIndex((y) => y.id === m[1]),
          1,
        )
        res.writeHead(204).end()
      },
    ],
    [
      'POST',
      /^\/v1\/devices\/([^/]+)\/password$/,
      (req, res, m) =>
        json(res, { device: d.devices.find((y) => y.id === m[1]), password: 'new-mock-password' }),
    ],
    [
      'GET',
      /^\/v1\/lockdown$/,
      (req, res) => json(res, { lockdowns: d.lockdowns.filter((l) => !l.cleared) }),
    ],
    ['GET', /^\/v1\/lockdowns$/, (req, res, m, q) => list(res, d.lockdowns, q)],
    ['GET', /^\/v1\/threat-levels$/, (req, res) => json(res, { levels: d.levels })],
    [
      'GET',
      /^\/v1\/threat-levels\/([^/]+)\/preview$/,
      (req, res, m) => {
        const l = d.levels.find((x) => x.id === m[1])
        const act = (a) => ({ action: a.action, devices: 2, spared: 0, away: 1, away_names: ['Side gate'] })
        json(res, {
          raise: l.raise.map(act),
          clear: l.clear.map(act),
          messages: [
            {
              recipients: 64,
              people: 58,
              users: 6,
              by_way: { email: 60, sms: 58 },
              no_address: 2,
              not_wished: 0,
              sent: true,
              subject: l.title,
              text: l.text,
              subject_zh: l.title_zh,
              text_zh: l.text,
            },
          ],
        })
      },
    ],
    [
      'PUT',
      /^\/v1\/threat-levels\/([^/]+)$/,
      (req, res, m, q, b) => {
        const l = { ...b, id: m[1], version: b.version + 1 }
        const i = d.levels.findIndex((x) => x.id === m[1])
        d.levels.splice(i < 0 ? d.levels.length : i, i < 0 ? 0 : 1, l)
        json(res, l)
      },
    ],
    [
      'POST',
      /^\/v1\/lockdowns$/,
      (req, res, m, q, b) => {
        const level = d.levels.find((x) => x.id === b.level)
        const l = {
          ...level,
          ...b,
          id: 'lck_' + (d.lockdowns.length + 1),
          raised: d.iso(Date.now()),
          raised_by: 'usr_other',
          raised_by_name: 'Ms Li',
          alert: 'alt_1',
          commands: 2,
          spared: b.drill ? 1 : 0,
          version: 1,
        }
        d.lockdowns.unshift(l)
        emit('lockdown', { lockdown: l })
        json(res, l)
      },
    ],
    [
      'POST',
      /^\/v1\/lockdowns\/([^/]+)\/clear$/,
      (req, res, m, q, b) => {
        const l = d.lockdowns.find((x) => x.id === m[1])
        l.cleared = d.iso(Date.now())
        l.cleared_by_name = me.user.full_name
        l.clear_note = b.note
        l.version++
        emit('lockdown', { lockdown: l })
        json(res, l)
      },
    ],
    ['GET', /^\/v1\/commands$/, (req, res, m, q) => list(res, d.commands, q)],
    ['POST', /^\/v1\/devices\/([^/]+)\/commands$/, (req, res) => json(res, { message: 'done' })],
    [
      'PUT',
      /^\/v1\/devices\/([^/]+)\/desired\/(.+)$/,
      (req, res, m, q, b) => {
        ;(d.devices.find((y) => y.id === m[1]).twin.desired ??= {})[m[2]] = {
          value: b.value,
          time: d.iso(Date.now()),
        }
        json(res, { id: 'cmd_3', state: 'applied', message: 'done' })
      },
    ],
    ['GET', /^\/v1\/devices\/([^/]+)\/status-log$/, (req, res, m, q) => list(res, d.statusLog, q)],
    [
      'GET',
      /^\/v1\/devices\/([^/]+)\/snapshot$/,
      (req, res, m) =>
        m[1] === 'cam-4'
          ? refuse(res, 503, 'unavailable', 'the camera does not answer')
          : svg(res, m[1], true),
    ],
    ['GET', /^\/v1\/occurrences$/, (req, res, m, q) => list(res, d.occurrences, q)],
    ['GET', /^\/v1\/rejections$/, (req, res, m, q) => list(res, d.rejections, q)],
    [
      'GET',
      /^\/v1\/devices\/([^/]+)\/fields$/,
      (req, res, m) =>
        json(res, {
          items: m[1] === 'board-9' ? d.unknownFields : [],
          profile: 'board',
          devices: 12,
          may_add: true,
        }),
    ],
    ['GET', /^\/v1\/devices\/([^/]+)\/commands$/, (req, res, m, q) => list(res, d.commands, q)],
    [
      'GET',
      /^\/v1\/profile-use$/,
      (req, res, m, q) =>
        list(
          res,
          d.profiles.map((p) => ({
            profile: p.id,
            devices: d.devices.filter((x) => x.profile === p.id).length,
          })),
          q,
        ),
    ],
    [
      'POST',
      /^\/v1\/profiles$/,
      (req, res, m, q, b) => {
        if (d.profiles.some((p) => p.id === b.id))
          return refuse(res, 409, 'conflict', `there is a profile ${b.id} already`)
        d.profiles.push(b)
        json(res, b, 201)
      },
    ],
    ['POST', /^\/v1\/devices\/([^/]+)\/fields$/, (req, res) => json(res, d.profiles[0])],
    ['GET', /^\/v1\/knocks$/, (req, res, m, q) => list(res, d.knocks, q)],
    ['GET', /^\/v1\/refusals$/, (req, res, m, q) => list(res, d.refusals, q)],
    ['GET', /^\/v1\/drivers$/, (req, res, m, q) => list(res, d.drivers, q)],
    [
      'GET',
      /^\/v1\/drivers\/([^/]+)\/log$/,
      (req, res, m, q) =>
        list(
          res,
          [
            { time: d.iso(Date.now() - 60e3), level: 'info', text: 'connected to 127.0.0.1:5020' },
            {
              time: d.iso(Date.now() - 9e3),
              level: 'warn',
              text: 'register holding:104 of unit 3: illegal data address; check the profile',
            },
          ],
          q,
        ),
    ],
    ['POST', /^\/v1\/drivers\/([^/]+)\/restart$/, (req, res) => res.writeHead(204).end()],
    [
      'GET',
      /^\/v1\/people$/,
      (req, res, m, q) => {
        const want = (k, v) => !q.get(k) || q.get(k) === v
        const text = (q.get('q') ?? '').toLowerCase()
        list(
          res,
          d.people.filter(
            (p) =>
              want('kind', p.kind) &&
              want('class', p.class) &&
              (p.name + p.number).toLowerCase().includes(text),
          ),
          q,
        )
      },
    ],
    ['GET', /^\/v1\/classes$/, (req, res, m, q) => list(res, ['7-1', '7-2', '7-3', '7-4'], q)],
    [
      'POST',
      /^\/v1\/people\/import(\/preview)?$/,
      (req, res, m, q) => {
        const line = (n, action, number, name, more) => ({
          line: n,
          action,
          number,
          name,
          changes: [],
          problems: [],
          ...more,
        })
        const lines = [
          line(2, 'create', '2026-0142', 'Li Ming', {
            class: '7-2',
            values: { kind: 'student', number: '2026-0142', name: 'Li Ming', class: '7-2' },
          }),
          line(3, 'update', 'T-017', 'Wang Fang', {
            changes: [{ field: 'phone', from: '•••0000', to: '13800000001' }],
          }),
        ]
        const bad = String(req.text).includes('bad')
        if (bad)
          lines.push(
            line(4, 'error', '', 'Zhao', {
              problems: [
                {
                  code: 'kind_unknown',
                  note: false,
                  line: 4,
                  column: 1,
                  heading: 'kind',
                  field: 'kind',
                  read: 'pupil',
                  message: '"pupil" is no kind of person',
                },
              ],
            }),
          )
        json(res, {
          lines,
          leaving: [],
          created: 1,
          updated: 1,
          same: 0,
          skipped: 0,
          errors: bad ? 1 : 0,
          mode: 'merge',
          format: 'csv',
          encoding: 'utf-8',
          encodings: ['utf-8'],
          sheets: [],
          heading_line: 1,
          mapping: 'guessed',
          columns: ['kind', 'number', 'name', 'class'].map((f) => ({ heading: f, field: f, samples: [] })),
          problems: [],
          brake: { affected: 0, of: 4, needed: false },
          token: 'aa',
          applied: !bad && !m[1] && q.get('dry_run') !== 'true',
        })
      },
    ],
    [
      'POST',
      /^\/v1\/people$/,
      (req, res, m, q, b) => {
        const p = {
          ...b,
          id: 'per_' + ++state.seq,
          school: d.school.id,
          created: d.iso(Date.now()),
          face: false,
          consent: false,
          cards: 0,
        }
        d.people.unshift(p)
        json(res, p, 201)
      },
    ],
    [
      'GET',
      /^\/v1\/people\/([^/]+)$/,
      (req, res, m, q) => {
        const p = d.people.find((x) => x.id === m[1])
        if (!p) return refuse(res, 404, 'not_found', 'there is nobody by that id')
        if (p.kind === 'student' && !q.get('reason'))
          return refuse(res, 422, 'invalid', 'say why the page of a student is opened', [
            { field: 'reason', message: 'say why the page of a student is opened' },
          ])
        json(res, { ...p, consents: d.consents.get(p.id) ?? [], passes: d.passes.get(p.id) ?? [] })
      },
    ],
    [
      'PUT',
      /^\/v1\/people\/([^/]+)$/,
      (req, res, m, q, b) =>
        json(
          res,
          Object.assign(
            d.people.find((x) => x.id === m[1]),
            b,
          ),
        ),
    ],
    ['DELETE', /^\/v1\/people\/([^/]+)$/, (req, res) => res.writeHead(204).end()],
    [
      'POST',
      /^\/v1\/people\/([^/]+)\/consent$/,
      (req, res, m, q, b) => {
        d.consents.set(m[1], [
          { ...b, person: m[1], at: d.iso(Date.now()), actor: 'admin' },
          ...(d.consents.get(m[1]) ?? []),
        ])
        res.writeHead(204).end()
      },
    ],
    [
      'POST',
      /^\/v1\/people\/([^/]+)\/cards$/,
      (req, res, m, q, b) => {
        const p = {
          id: 'pas_' + ++state.seq,
          person: m[1],
          method: b.method,
          masked: b.credential.slice(-4),
          created: d.iso(Date.now()),
        }
        d.passes.set(m[1], [...(d.passes.get(m[1]) ?? []), p])
        json(res, p, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/people\/([^/]+)\/face$/,
      (req, res) =>
        refuse(res, 422, 'invalid', 'there are 2 faces in the photograph; use one with a single person'),
    ],
    [
      'DELETE',
      /^\/v1\/passes\/(.+)$/,
      (req, res, m) => {
        for (const [k, v] of d.passes)
          d.passes.set(
            k,
            v.filter((x) => x.id !== m[1]),
          )
        res.writeHead(204).end()
      },
    ],
    [
      'GET',
      /^\/v1\/sightings$/,
      (req, res, m, q) =>
        list(
          res,
          d.sightings.filter(
            (s) =>
              (!q.get('device') || s.device === q.get('device')) &&
              (!q.get('person') || s.person === q.get('person')),
          ),
          q,
        ),
    ],
    ['POST', /^\/v1\/sightings\/manual$/, (req, res) => json(res, { seq: ++state.seq, id: 'sgt_m' }, 201)],
    ['GET', /^\/v1\/wall$/, (req, res, m, q) => json(res, wall(q))],
    [
      'GET',
      /^\/v1\/alerts$/,
      (req, res, m, q) => {
        const states = q.get('state')?.split(',')
        list(
          res,
          d.alerts.filter(
            (a) =>
              (!states || states.includes(a.state)) &&
              (!q.get('severity') || a.severity === q.get('severity')) &&
              hiddenAs(q, a) &&
              words(q, a.title, a.title_zh, a.zone_name, a.device_name, a.comment),
          ),
          q,
        )
      },
    ],
    ...handling({ json, list, refuse, emit, me, state }),
    ...shelving({ json, list, refuse, emit, noted, me }),
    [
      'GET',
      /^\/v1\/alerts\/([^/]+)$/,
      (req, res, m) =>
        json(
          res,
          d.alerts.find((a) => a.id === m[1]),
        ),
    ],
    [
      'POST',
      /^\/v1\/alerts\/([^/]+)\/(acknowledge|resolve|close)$/,
      (req, res, m, q, b) => alertDeed(res, m[1], m[2], b),
    ],
    [
      'POST',
      /^\/v1\/alerts\/([^/]+)\/enrol$/,
      (req, res) => json(res, { person: 'per_1', pass: { id: 'pas_x' } }, 201),
    ],
    [
      'GET',
      /^\/v1\/incidents$/,
      (req, res, m, q) =>
        list(
          res,
          d.incidents.filter((i) => !q.get('state') || q.get('state').split(',').includes(i.state)),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/incidents\/([^/]+)$/,
      (req, res, m) =>
        json(
          res,
          d.incidents.find((i) => i.id === m[1]),
        ),
    ],
    [
      'POST',
      /^\/v1\/incidents\/([^/]+)\/steps\/(\d+)$/,
      (req, res, m, q, b) => {
        const i = d.incidents.find((x) => x.id === m[1])
        Object.assign(i.steps[m[2]], {
          done: true,
          answer: b.answer,
          by: me.user.full_name,
          at: d.iso(Date.now()),
        })
        d.arrange(i)
        i.version++
        emit('incident', { incident: i })
        json(res, i)
      },
    ],
    [
      'POST',
      /^\/v1\/incidents\/([^/]+)\/steps\/(\d+)\/untick$/,
      (req, res, m) => {
        const i = d.incidents.find((x) => x.id === m[1])
        Object.assign(i.steps[m[2]], { done: false, answer: undefined, by: '', at: undefined })
        d.arrange(i)
        i.version++
        emit('incident', { incident: i })
        json(res, i)
      },
    ],
    [
      'POST',
      /^\/v1\/incidents\/([^/]+)\/(contain|reopen|notes)$/,
      (req, res, m) => {
        const i = d.incidents.find((x) => x.id === m[1])
        const at = d.iso(Date.now())
        if (m[2] === 'contain')
          Object.assign(i, { state: 'contained', contained: at, contained_by: me.user.full_name })
        if (m[2] === 'reopen') Object.assign(i, { state: 'open', closed: undefined, contained: undefined })
        i.version++
        emit('incident', { incident: i })
        json(res, i)
      },
    ],
    [
      'GET',
      /^\/v1\/incidents\/([^/]+)\/log$/,
      (req, res, m) => {
        const i = d.incidents.find((x) => x.id === m[1])
        json(res, { items: [{ n: 16, at: i.opened, what: 'opened', alerts: i.alerts }] })
      },
    ],
    [
      'GET',
      /^\/v1\/incidents\/([^/]+)\/report$/,
      (req, res, m) => {
        const i = d.incidents.find((x) => x.id === m[1])
        json(res, {
          incident: i,
          where: i.where,
          alerts: d.alerts.filter((a) => i.alerts.includes(a.id)),
          alert_count: i.alerts.length,
          timeline: [
            { at: i.opened, of: 'incident', what: 'opened', alerts: i.alerts },
            { at: i.opened, of: 'alert', what: 'raised', alert: i.alerts[0], severity: 'critical' },
            { at: i.opened, of: 'incident', what: 'step_done', step: 0, by_name: 'Chen Gang' },
          ],
          figures: { acknowledged_s: 95, steps: 3, steps_done: 1, steps_late: 0 },
        })
      },
    ],
    ['GET', /^\/v1\/procedures$/, (req, res, m, q) => list(res, d.procedures, q)],
    ['GET', /^\/v1\/procedures\/([^/]+)\/versions$/, (req, res) => json(res, { versions: d.procedures })],
    ['GET', /^\/v1\/standing$/, (req, res) => json(res, d.standing())],
    ['GET', /^\/v1\/shift-notes$/, (req, res, m, q) => list(res, d.shiftNotes, q)],
    [
      'GET',
      /^\/v1\/shift-notes\/([^/]+)$/,
      (req, res, m) =>
        json(
          res,
          d.shiftNotes.find((n) => n.id === m[1]),
        ),
    ],
    [
      'POST',
      /^\/v1\/shift-notes$/,
      (req, res, m, q, b) => {
        const n = {
          id: 'sft_' + ++state.seq,
          school: d.school.id,
          text: b.text,
          given: d.iso(Date.now()),
          given_by: me.user.id,
          given_by_name: me.user.full_name,
          standing: d.standing(),
          version: 1,
        }
        d.shiftNotes.unshift(n)
        json(res, n, 201)
      },
    ],
    [
      'POST',
      /^\/v1\/incidents\/([^/]+)\/approval$/,
      (req, res, m, q, b) => {
        const i = d.incidents.find((x) => x.id === m[1])
        Object.assign(i.handover, {
          approval: b.approve ? 'approved' : 'refused',
          by: me.user.full_name,
          at: d.iso(Date.now()),
          comment: b.comment,
        })
        i.version++
        emit('incident', { incident: i })
        json(res, i)
      },
    ],
    [
      'POST',
      /^\/v1\/incidents\/([^/]+)\/close$/,
      (req, res, m, q, b) => {
        const i = d.incidents.find((x) => x.id === m[1])
        Object.assign(i, {
          state: 'closed',
          closed: d.iso(Date.now()),
          closed_by: me.user.full_name,
          outcome: b.outcome,
          conclusion: b.comment,
        })
        json(res, i)
      },
    ],
    ['GET', /^\/v1\/sessions$/, (req, res, m, q) => list(res, d.sessions, q)],
    [
      'POST',
      /^\/v1\/sessions$/,
      (req, res, m, q, b) => {
        const s = { ...b, id: 'ses_' + ++state.seq }
        d.sessions.push(s)
        json(res, s, 201)
      },
    ],
    [
      'GET',
      /^\/v1\/attendance$/,
      (req, res, m, q) =>
        list(
          res,
          d.attendance.filter((a) =>
            ['session', 'class', 'state', 'person'].every((k) => !q.get(k) || a[k] === q.get(k)),
          ),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/sessions\/([^/]+)$/,
      (req, res, m) =>
        json(
          res,
          d.sessions.find((x) => x.id === m[1]),
        ),
    ],
    ['GET', /^\/v1\/attendance\/month$/, (req, res, m, q) => list(res, monthOf(d, q), q)],
    ['GET', /^\/v1\/presence$/, (req, res) => json(res, presenceCounts())],
    [
      'GET',
      /^\/v1\/presence\/people$/,
      (req, res, m, q) =>
        list(
          res,
          presence().filter((p) =>
            ['where', 'kind', 'class', 'zone'].every((k) => !q.get(k) || p[k] === q.get(k)),
          ),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/attendance\/summary$/,
      (req, res, m, q) =>
        json(
          res,
          count(
            d.attendance.filter((a) => a.session === q.get('session')),
            (a) => a.state,
          ),
        ),
    ],
    [
      'POST',
      /^\/v1\/attendance\/roll$/,
      (req, res, m, q, b) => {
        for (const x of b.ticks) {
          const a = d.attendance.find((y) => y.session === b.session && y.person === x.person)
          if (a) Object.assign(a, { state: x.state, reasons: ['corrected'] })
        }
        json(res, { refused: [] })
      },
    ],
    [
      'POST',
      /^\/v1\/attendance\/corrections$/,
      (req, res, m, q, b) => {
        Object.assign(
          d.attendance.find((a) => a.session === b.session && a.person === b.person),
          { state: b.state, reasons: ['corrected'] },
        )
        res.writeHead(204).end()
      },
    ],
    [
      'GET',
      /^\/v1\/telemetry\/api\/v1\/query_range$/,
      (req, res, m, q) => {
        const values = []
        for (let t = Number(q.get('start')); t <= Number(q.get('end')); t += Number(q.get('step')))
          values.push([t, String(20 + 3 * Math.sin(t / 600))])
        json(res, { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } })
      },
    ],
    ['GET', /^\/v1\/media\/(.+)$/, (req, res) => svg(res, 'snapshot', false)],
    ['GET', /^\/v1\/keys$/, (req, res, m, q) => list(res, d.keys, q)],
    [
      'POST',
      /^\/v1\/keys$/,
      (req, res, m, q, b) => {
        const key = {
          ...b,
          id: 'key_' + ++state.seq,
          school: d.school.id,
          created: d.iso(Date.now()),
          revoked: false,
        }
        d.keys.unshift(key)
        json(
          res,
          {
            key,
            secret: 'ghk_mock',
            curl: 'curl -fsS -H "Authorization: Bearer ghk_mock" http://127.0.0.1:8099/v1/devices',
          },
          201,
        )
      },
    ],
    [
      'DELETE',
      /^\/v1\/keys\/(.+)$/,
      (req, res, m) => {
        d.keys.find((k) => k.id === m[1]).revoked = true
        res.writeHead(204).end()
      },
    ],
    ['GET', /^\/v1\/webhooks$/, (req, res, m, q) => list(res, d.webhooks, q)],
    [
      'POST',
      /^\/v1\/webhooks$/,
      (req, res, m, q, b) => {
        const w = {
          ...b,
          id: 'whk_' + ++state.seq,
          school: d.school.id,
          created: d.iso(Date.now()),
          disabled: false,
        }
        d.webhooks.push(w)
        json(res, { webhook: w, secret: 'whsec_bW9jaw==' }, 201)
      },
    ],
    ['POST', /^\/v1\/webhooks\/([^/]+)\/test$/, (req, res) => json(res, { event_id: 'evt_test' })],
    ['GET', /^\/v1\/webhooks\/([^/]+)\/deliveries$/, (req, res, m, q) => list(res, d.deliveries, q)],
    ['POST', /^\/v1\/webhooks\/deliveries\/(\d+)\/redeliver$/, (req, res) => res.writeHead(204).end()],
    [
      'PUT',
      /^\/v1\/webhooks\/([^/]+)$/,
      (req, res, m, q, b) =>
        json(
          res,
          Object.assign(
            d.webhooks.find((w) => w.id === m[1]),
            b,
          ),
        ),
    ],
    ['GET', /^\/v1\/users$/, (req, res, m, q) => list(res, d.users, q)],
    [
      'POST',
      /^\/v1\/users$/,
      (req, res, m, q, b) => {
        const u = { ...b, id: 'usr_' + ++state.seq, created: d.iso(Date.now()), disabled: false }
        d.users.push(u)
        json(res, u, 201)
      },
    ],
    [
      'PUT',
      /^\/v1\/users\/(.+)$/,
      (req, res, m, q, b) =>
        json(
          res,
          Object.assign(
            d.users.find((u) => u.id === m[1]),
            b,
          ),
        ),
    ],
    ['GET', /^\/v1\/second-factors$/, (req, res, m, q) => list(res, [], q)],
    ['GET', /^\/v1\/second-factor-roles$/, (req, res) => json(res, { roles: [] })],
    [
      'GET',
      /^\/v1\/audit$/,
      (req, res, m, q) =>
        list(
          res,
          d.audit.filter(
            (a) =>
              ['actor', 'deed', 'object'].every((k) => !q.get(k) || a[k].includes(q.get(k))) &&
              words(q, a.actor, a.deed, a.object),
          ),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/audit\/verify$/,
      (req, res) => json(res, { ok: true, entries: 60, message: 'the chain is whole' }),
    ],
    ['GET', /^\/v1\/quality$/, (req, res, m, q) => list(res, d.qualityDays(q.get('to')), q)],
    ['GET', /^\/v1\/quality\/devices$/, (req, res, m, q) => list(res, d.deviceQuality(q.get('to')), q)],
    [
      'GET',
      /^\/v1\/status$/,
      (req, res) =>
        json(res, {
          version: 'dev',
          uptime_s: 7345,
          started: d.iso(Date.now() - 7345e3),
          checks: [
            {
              name: 'journal',
              state: 'ok',
              message: 'Everything acknowledged is on disk; 2041 events so far.',
              message_zh: '已确认的数据均已落盘，共 2041 条事件。',
            },
            {
              name: 'drivers',
              state: 'warning',
              message: 'A driver does not run: vendor-x: refused',
              message_zh: '有驱动未运行：vendor-x',
            },
            { name: 'disk', state: 'ok', message: '212.4 GiB are free.', message_zh: '剩余 212.4 GiB。' },
            {
              name: 'clock',
              state: 'critical',
              message: 'The clock is off by 7 s.',
              message_zh: '时钟偏差 7 秒。',
            },
          ],
          journal: { state: 'open', oldest: 1, newest: 2041, bytes: 48123456, max_bytes: 8e9, segments: 1 },
          mqtt: { clients: 45, sessions: 45, received: 20411, acknowledged: 20411, refused: 14 },
          drivers: { running: 4, configured: 5 },
          disk: { free_bytes: 228e9, total_bytes: 500e9 },
          clock: { offset_ms: 7012.4, source: 'kernel' },
          cursors: [
            { name: 'twins', lag: 0 },
            { name: 'rules', lag: 0 },
            { name: 'webhooks', lag: 3 },
          ],
        }),
    ],
    [
      'POST',
      /^\/mock\/alert$/,
      (req, res, m, q, b) => {
        const raised = (b.many ?? [b]).map((x) => d.raise(x))
        for (const alert of raised) emit('alert', { alert })
        json(res, { ids: raised.map((a) => a.id) })
      },
    ],
    [
      'POST',
      /^\/mock\/smoke$/,
      (req, res) => {
        const a = d.smoke()
        emit('alert', { alert: a })
        emit('incident', { incident: d.incidents[0] })
        json(res, a)
      },
    ],
  ]

  function signIn(res) {
    res.setHeader('Set-Cookie', 'gatehouse_session=mock; Path=/; HttpOnly; SameSite=Strict')
    json(res, me)
  }

  function stream(req, res, q) {
    const kinds = q.get('kinds')?.split(',')
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    const send = (e) =>
      !kinds || kinds.includes(e.kind)
        ? res.write(`id: ${e.seq}\nevent: ${e.kind}\ndata: ${JSON.stringify(e)}\n\n`)
        : undefined
    const last = Number(req.headers['last-event-id'] ?? NaN)
    res.write('retry: 2000\n\n')
    if (!Number.isNaN(last)) state.log.filter((e) => e.seq > last).forEach(send)
    state.streams.add(send)
    const beat = setInterval(() => res.write(': beat\n\n'), 5_000)
    req.on('close', () => (clearInterval(beat), state.streams.delete(send)))
  }

  return createServer(async (req, res) => {
    res.setHeader('Content-Security-Policy', policy)
    const url = new URL(req.url, 'http://mock')
    if (!url.pathname.startsWith('/v1/') && !url.pathname.startsWith('/mock/')) return file(url.pathname, res)
    const chunks = []
    for await (const c of req) chunks.push(c)
    req.text = Buffer.concat(chunks)
    let body = {}
    if (/json/.test(req.headers['content-type'] ?? '')) body = JSON.parse(req.text.toString() || '{}')
    const open = /^\/(v1\/(setup|session|screens\/pairing)|mock\/.*)$/.test(url.pathname)
    if (!open && !/gatehouse_session=mock/.test(req.headers.cookie ?? ''))
      return refuse(res, 401, 'unauthenticated', 'sign in first')
    if (!open && req.method !== 'GET' && req.headers['x-gatehouse-csrf'] !== 'csrf-token')
      return refuse(res, 403, 'forbidden', 'the CSRF header is missing')
    if (url.pathname === '/v1/stream') return stream(req, res, url.searchParams)
    for (const [method, path, f] of routes) {
      const m = path.exec(url.pathname)
      if (m && method === req.method)
        return f(
          req,
          res,
          m.map((x) => x && decodeURIComponent(x)),
          url.searchParams,
          body,
        )
    }
    refuse(res, 404, 'not_found', `the mock has no ${req.method} ${url.pathname}`)
  })
}

// What an alert has in common with others: see registry/alerts, causeOf.
function groupKey(a, by) {
  if (by === 'room') return 'zone:' + (a.zone ?? '')
  if (by === 'rule') return 'rule:' + a.rule
  if (a.incident) return 'incident:' + a.incident
  if (a.severity === 'critical' || a.sighting) return 'alert:' + a.id
  return 'rule:' + a.rule
}

// Alerts in their order as groups in theirs.
function gather(alerts, by) {
  const groups = new Map()
  for (const a of alerts) {
    const key = groupKey(a, by)
    if (!groups.has(key))
      groups.set(key, {
        key,
        school: a.school,
        severity: a.severity,
        count: 0,
        unacknowledged: 0,
        firing: 0,
        newest: a.opened,
        oldest: a.opened,
        rules: new Set(),
        zones: new Set(),
        places: new Map(),
        alert: a,
      })
    const g = groups.get(key)
    g.count++
    if (a.state === 'open') g.unacknowledged++
    if (a.firing) g.firing++
    if (a.opened > g.newest) g.newest = a.opened
    if (a.opened < g.oldest) g.oldest = a.opened
    g.rules.add(a.rule)
    if (a.zone) g.zones.add(a.zone)
    const at = a.zone || a.device
    if (!at) continue
    if (!g.places.has(at))
      g.places.set(at, { zone: a.zone, device: a.device, device_name: a.device_name, firing: 0 })
    if (a.firing) g.places.get(at).firing++
    if (!a.firing || !a.last_heard) continue
    g.unheard = (g.unheard ?? 0) + 1
    if (!(g.last_heard > a.last_heard)) g.last_heard = a.last_heard
  }
  return [...groups.values()].map((g) => {
    const places = [...g.places.values()].sort((a, b) => Math.min(b.firing, 1) - Math.min(a.firing, 1))
    return {
      ...g,
      rules: [...g.rules],
      zones: [...g.zones],
      places: places.slice(0, 8),
      place_count: places.length,
    }
  })
}

// Whether every word that is searched for is in one of the texts.
function words(q, ...texts) {
  return (q.get('q') ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((w) => texts.some((x) => (x ?? '').toLowerCase().includes(w)))
}

function json(res, body, status = 200, type = 'application/json') {
  res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(JSON.stringify(body))
}

function svg(res, label, moving) {
  const now = new Date().toISOString().slice(11, 19)
  const x = moving ? (Date.now() / 40) % 560 : 280
  res
    .writeHead(200, { 'Content-Type': 'image/svg+xml' })
    .end(
      `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"><rect width="640" height="360" fill="#33414d"/><circle cx="${x + 40}" cy="150" r="44" fill="#c9a58a"/><rect x="${x - 20}" y="200" width="120" height="160" rx="40" fill="#51708a"/><text x="12" y="28" fill="#fff" font-family="monospace" font-size="18">${label} ${now}</text></svg>`,
    )
}

function file(path, res) {
  let name = normalize(join(dist, path))
  if (!name.startsWith(dist) || !existsSync(name) || statSync(name).isDirectory())
    name = join(dist, 'index.html')
  if (!existsSync(name)) return res.writeHead(503).end('run npm run build first')
  res.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' })
  createReadStream(name).pipe(res)
}

const weakAs = (want, weak = '') =>
  !want || (want === 'any' ? weak && weak !== 'none' : want === 'unknown' ? !weak : weak === want)
// Where everybody is: the first ones at the gate, some in a room, one in a hundred unclear.
const presence = () =>
  d.people.map((p, i) => ({
    person: p.id,
    kind: p.kind,
    name: p.name,
    number: p.number,
    class: p.class,
    where: i % 17 === 3 ? 'out' : i % 23 === 5 ? 'unknown' : 'in',
    zone: i % 17 === 3 ? '' : d.zones[i % 5].id,
    at: i % 17 === 3 ? undefined : d.iso(Date.now() - (i + 1) * d.minute),
    sign: i % 17 === 3 ? 'none' : i % 23 === 5 ? 'unclear' : i % 2 ? 'seen' : 'passed',
  }))

const presenceCounts = () => {
  const all = presence()
  const kinds = [...new Set(all.map((p) => p.kind))].map((kind) => {
    const of = (where) => all.filter((p) => p.kind === kind && p.where === where).length
    return { kind, in: of('in'), out: of('out'), unknown: of('unknown') }
  })
  const zones = Object.entries(
    count(
      all.filter((p) => p.where === 'in'),
      (p) => p.zone,
    ),
  )
  return { at: d.iso(Date.now()), kinds, zones: zones.map(([zone, people]) => ({ zone, people })) }
}
const count = (rows, f) => rows.reduce((c, r) => ((c[f(r)] = (c[f(r)] ?? 0) + 1), c), {})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8099)
  mock({ empty: process.argv.includes('--empty') }).listen(port, '127.0.0.1', () =>
    console.log(`mock gateway on http://127.0.0.1:${port}, admin / demo-password-1`),
  )
}
