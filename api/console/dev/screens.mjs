// Guard rooms' screens of the made-up school: pairing by a code, the list, and the end of one.

import * as d from './data.mjs'

const year = 365 * 24 * 3600e3

/** The routes of screens. One screen waits at a time. */
export function screens({ json, list, refuse }) {
  const all = []
  let waiting
  const shown = () => ({ state: 'waiting', code: waiting.code, expires: waiting.expires })
  return [
    [
      'POST',
      /^\/v1\/screens\/pairing$/,
      (req, res) => {
        waiting = { code: '7KQX-M2RD', expires: d.iso(Date.now() + 10 * d.minute) }
        json(res, shown())
      },
    ],
    [
      'GET',
      /^\/v1\/screens\/pairing$/,
      (req, res) => {
        if (!waiting) return json(res, { state: 'none' })
        if (!waiting.paired) return json(res, shown())
        waiting = undefined
        res.setHeader('Set-Cookie', 'gatehouse_session=mock; Path=/; HttpOnly; SameSite=Strict')
        json(res, { state: 'paired' })
      },
    ],
    ['GET', /^\/v1\/screens$/, (req, res, m, q) => list(res, all, q)],
    [
      'POST',
      /^\/v1\/screens$/,
      (req, res, m, q, b) => {
        if (!waiting || b.code.toUpperCase() !== waiting.code)
          return refuse(res, 422, 'invalid', 'code: no screen shows this code now', [
            { field: 'code', message: 'no screen shows this code now' },
          ])
        waiting.paired = true
        const key = {
          id: 'key_s' + all.length,
          school: d.school.id,
          name: b.name,
          permissions: ['alerts:read', 'devices:read', 'camera:view'],
          created: d.iso(Date.now()),
          expires: d.iso(Date.now() + year),
          revoked: false,
          purpose: "the guard room's screen shows the wall",
          screen: true,
          maker_name: d.users[0].full_name,
          maker_state: 'active',
        }
        all.unshift(key)
        json(res, key, 201)
      },
    ],
  ]
}
