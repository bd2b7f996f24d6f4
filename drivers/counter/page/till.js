'use strict'
// A till: a card reader that types, or a hand, gives a code; the gateway says yes or no; without an
// answer the meal is given, kept here and told later. Everything that is decided is decided there.

const $ = (id) => document.getElementById(id)
const kept = {
  get: (key) => localStorage.getItem('till.' + key),
  set: (key, value) => localStorage.setItem('till.' + key, value),
}
const ANSWER = 2500 // ms until a question counts as unanswered
const SHOW = 8000 // ms a plain yes stays
const HERE = 3 * 3600 * 1000 // ms for which a code that was served here is remembered

let lang = kept.get('lang') || (/^zh/.test(navigator.language) ? 'zh' : 'en')
let online = false
let method = 'card'
let shown = null // what the card says: { say: () => void }
let pending = null // what is refused: { credential, method }
let clearing = 0
const here = new Map() // code -> when it was served here

const w = (key, values = {}) =>
  (words[lang][key] || '').replace(/\{(\w+)\}/g, (_, name) => (name in values ? values[name] : ''))
const clock = (t) => new Date(t).toLocaleTimeString(lang === 'zh' ? 'zh-CN' : 'en-GB', { hour: '2-digit', minute: '2-digit' })

// A number for each meal that is never given twice, even after this browser lost what it keeps.
function sequence() {
  const n = Math.max(Number(kept.get('sequence') || 0) + 1, Date.now() * 1000)
  kept.set('sequence', String(n))
  return n
}

// call returns { status, body }; status 0: nobody answered.
async function call(path, body, within) {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), within)
  try {
    const r = await fetch('../v1/' + path, {
      method: body ? 'POST' : 'GET',
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
      credentials: 'same-origin',
      signal: stop.signal,
    })
    return { status: r.status, body: r.status === 204 ? null : await r.json() }
  } catch {
    return { status: 0, body: null }
  } finally {
    clearTimeout(timer)
  }
}

function setOnline(yes) {
  online = yes
  $('link').textContent = w(yes ? 'online' : 'offline')
  $('link').className = yes ? 'chip' : 'chip warn'
}

async function tally() {
  const n = await queue.count()
  $('waiting').hidden = n === 0
  $('waiting').textContent = w('waiting', { n })
  const lost = ['lost', 'refused', 'doubles']
    .map((key) => [key, Number(kept.get(key) || 0)])
    .filter(([, x]) => x > 0)
    .map(([key, x]) => w(key, { n: x }))
  $('lost').hidden = lost.length === 0
  $('lost').textContent = lost.join(' · ')
  return n
}

const more = (key) => kept.set(key, String(Number(kept.get(key) || 0) + 1))

// --- what the card shows

function show(kind, parts, ms) {
  clearTimeout(clearing)
  shown = () => {
    const p = parts()
    $('card').className = kind
    for (const id of ['verdict', 'name', 'class', 'meal', 'note', 'why']) $(id).textContent = p[id] || ''
    $('note').hidden = !p.note
    $('anyway').hidden = !p.anyway
    $('reasons').hidden = true
  }
  shown()
  if (ms) clearing = setTimeout(idle, ms)
}

function idle() {
  pending = null
  show('idle', () => ({ verdict: w('ready') }))
}

function who(a) {
  const s = a.serving || {}
  return {
    name: s.name || w('nobody_name'),
    class: s.class,
    meal: (lang === 'zh' && s.meal_zh) || s.meal,
    note: s.note && w('note', { note: s.note }),
  }
}

function sayYes(a, anyway) {
  const s = a.serving || {}
  show('yes', () => ({ verdict: w(anyway ? 'anyway_yes' : 'yes'), ...who(a) }), s.note ? 0 : SHOW)
}

function sayNo(a, asked) {
  pending = asked
  const s = a.serving || {}
  const code = (a.reason || {}).code
  show('no', () => ({
    verdict: w('no'),
    ...who(a),
    why: s.before ? w('before', { time: clock(s.before) }) : w('reason_' + code) || (a.reason || {}).text || w('no_answer'),
    anyway: true,
  }))
}

// --- one meal

let line = Promise.resolve()
let inLine = 0

// serve takes a code when the one before is done; more than five in line are not taken.
function serve(credential, override) {
  if (!credential || inLine >= 5) return
  inLine++
  line = line.then(() => one({ credential, method, override })).catch(() => idle()).then(() => { inLine-- })
}

async function one(asked) {
  const meal = {
    sequence: sequence(),
    time: new Date().toISOString(),
    method: asked.method,
    credential: asked.credential,
  }
  if (asked.override) meal.override = asked.override
  show('idle', () => ({ verdict: w('asking') }))
  const r = await call('ask', { ...meal, clock: new Date().toISOString() }, ANSWER)
  if (r.status === 401) return signInAgain()
  if (r.status === 200 && r.body.answered) {
    setOnline(true)
    if (r.body.allow) {
      here.set(meal.credential, Date.now())
      return sayYes(r.body, Boolean(asked.override))
    }
    return sayNo(r.body, asked)
  }
  if (r.status === 400) return sayNo({ reason: { text: r.body.error.message } }, asked)
  setOnline(r.status === 200)
  return alone(meal, asked)
}

// alone gives a meal that nobody answered for.
async function alone(meal, asked) {
  const at = here.get(meal.credential)
  if (!asked.override && at && Date.now() - at < HERE) {
    pending = asked
    return show('no', () => ({ verdict: w('no'), why: w('twice_here', { time: clock(at) }), anyway: true }))
  }
  if (!asked.override && kept.get('no_answer') === 'deny') {
    pending = asked
    return show('no', () => ({ verdict: w('no'), why: w('no_answer'), anyway: true }))
  }
  const room = await queue.add({ ...meal, served: true }).catch(() => false)
  if (!room) more('lost')
  here.set(meal.credential, Date.now())
  await tally()
  show('alone', () => ({
    verdict: w('alone'),
    note: w('alone_note'),
    why: room ? w('alone_why') : w('full'),
  }))
}

// --- telling what was given

let telling = false
let told = -1

async function tell() {
  if (telling) return
  telling = true
  try {
    for (let meal = await queue.first(); meal; meal = await queue.first()) {
      const r = await call('ask', { ...meal, clock: new Date().toISOString() }, 10000)
      if (r.status === 401) return signInAgain()
      const gone = r.status === 200 && r.body.answered
      if (gone && r.body.reason && r.body.reason.code === 'meal_eaten' && !meal.override) more('doubles')
      if ((gone && !r.body.allow) || r.status === 400) more('refused')
      if (!gone && r.status !== 400) return
      setOnline(true)
      await queue.remove(meal.sequence)
      await tally()
    }
    await tellWaiting()
  } finally {
    telling = false
  }
}

async function tellWaiting() {
  const n = await tally()
  if (n === told || !online) return
  const r = await call('observations', { observations: [{ values: { waiting: n } }] }, 10000)
  if (r.status === 200) told = n
}

async function beat() {
  const r = await call('hello', null, 5000)
  if (r.status === 401) return signInAgain()
  setOnline(r.status === 200)
  if (r.status === 200) {
    hello(r.body)
    if ($('till').hidden) open()
    await tell()
  }
}

// hear takes commands for as long as the page is open.
async function hear() {
  for (;;) {
    const r = $('till').hidden || !online ? { status: 0 } : await call('commands?wait=25', null, 35000)
    if (r.status !== 200) {
      await new Promise((done) => setTimeout(done, 3000))
      continue
    }
    for (const c of r.body.commands) {
      const text = c.action === 'show' && typeof c.values.text === 'string' ? c.values.text.slice(0, 500) : ''
      $('message_text').textContent = text
      $('message').hidden = !text
      await call('results', { id: c.id, ok: Boolean(text), message: text ? 'shown' : 'this page only shows texts' }, 10000)
    }
  }
}

// --- signing in

function hello(h) {
  kept.set('serial', h.serial)
  kept.set('no_answer', h.no_answer)
  kept.set('methods', JSON.stringify(h.methods))
}

function signInAgain() {
  $('till').hidden = true
  $('leave').hidden = true
  $('signin').hidden = false
  $('serial').value = kept.get('serial') || ''
  ;($('serial').value ? $('secret') : $('serial')).focus()
}

function open() {
  $('signin').hidden = true
  $('till').hidden = false
  $('leave').hidden = false
  const methods = JSON.parse(kept.get('methods') || '["card"]')
  if (!methods.includes(method)) method = methods[0] || 'card'
  drawMethods(methods)
  idle()
  $('code').focus()
}

function drawMethods(methods) {
  $('methods').textContent = ''
  for (const m of methods) {
    const b = document.createElement('button')
    b.type = 'button'
    b.textContent = w(m === 'other' ? 'other_method' : m)
    b.setAttribute('aria-pressed', String(m === method))
    b.addEventListener('click', () => {
      method = m
      drawMethods(methods)
      $('code').focus()
    })
    $('methods').append(b)
  }
}

function speak() {
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en'
  document.title = w('title')
  for (const e of document.querySelectorAll('[data-word]')) e.textContent = w(e.dataset.word)
  $('language').textContent = w('other')
  $('leave').textContent = w('leave')
  $('reason_list').textContent = ''
  for (const text of words[lang].reason_quick) {
    const b = document.createElement('button')
    b.type = 'button'
    b.textContent = text
    b.addEventListener('click', () => anyway(text))
    $('reason_list').append(b)
  }
  $('keys').textContent = ''
  for (const k of ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'erase', '0', 'enter']) {
    const b = document.createElement('button')
    b.type = 'button'
    b.textContent = /\d/.test(k) ? k : w(k)
    b.addEventListener('click', () => {
      if (k === 'enter') return enter()
      $('code').value = k === 'erase' ? '' : $('code').value + k
      $('code').focus()
    })
    $('keys').append(b)
  }
  drawMethods(JSON.parse(kept.get('methods') || '["card"]'))
  setOnline(online)
  if (shown) shown()
  if (queue.db) tally()
}

function enter() {
  const code = $('code').value.trim()
  $('code').value = ''
  $('code').focus()
  serve(code)
}

function anyway(reason) {
  const asked = pending
  if (!asked || !reason.trim()) return
  pending = null
  const before = method
  method = asked.method
  serve(asked.credential, reason.trim())
  method = before
  $('code').focus()
}

$('entry').addEventListener('submit', (e) => {
  e.preventDefault()
  enter()
})
// A reader types wherever the focus is: what no field takes goes into the code.
document.addEventListener('keydown', (e) => {
  if ($('till').hidden || /^(INPUT|BUTTON)$/.test(e.target.tagName) || e.ctrlKey || e.altKey || e.metaKey) return
  if (e.key === 'Enter') return enter()
  if (e.key.length === 1) {
    $('code').value += e.key
    $('code').focus()
    e.preventDefault()
  }
})
$('anyway').addEventListener('click', () => {
  clearTimeout(clearing)
  $('anyway').hidden = true
  $('reasons').hidden = false
  $('reason_text').value = ''
})
$('reason_send').addEventListener('click', () => anyway($('reason_text').value))
$('reason_back').addEventListener('click', () => {
  idle()
  $('code').focus()
})
$('card').addEventListener('click', (e) => {
  if (e.target.tagName !== 'BUTTON' && e.target.tagName !== 'INPUT') $('code').focus()
})
$('message_ok').addEventListener('click', () => {
  $('message').hidden = true
  $('code').focus()
})
$('lost').addEventListener('click', () => {
  for (const key of ['lost', 'refused', 'doubles']) kept.set(key, '0')
  tally()
})
$('language').addEventListener('click', () => {
  lang = lang === 'zh' ? 'en' : 'zh'
  kept.set('lang', lang)
  speak()
  if (!$('till').hidden) $('code').focus()
})
$('leave').addEventListener('click', async () => {
  if ((await tally()) > 0) return show('no', () => ({ verdict: w('leave_waiting') }), SHOW)
  await call('sign-out', {}, 5000)
  kept.set('serial', '')
  signInAgain()
})
$('signin').addEventListener('submit', async (e) => {
  e.preventDefault()
  $('signin_error').textContent = ''
  const r = await call('sign-in', { serial: $('serial').value.trim(), secret: $('secret').value }, 10000)
  if (r.status === 200) {
    $('secret').value = ''
    hello(r.body)
    setOnline(true)
    open()
    tell()
    return
  }
  $('signin_error').textContent = w({ 401: 'signin_wrong', 429: 'signin_slow' }[r.status] || 'signin_later')
})

async function start() {
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('sw.js').catch(() => {}) // needs https
  await queue.open()
  for (const meal of await queue.all()) here.set(meal.credential, Date.parse(meal.time))
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {})
  speak()
  await tally()
  const r = await call('hello', null, 5000)
  setOnline(r.status === 200)
  if (r.status === 200) hello(r.body)
  if (r.status === 401 || (r.status !== 200 && !kept.get('serial'))) signInAgain()
  else open()
  setInterval(beat, 5000)
  hear()
  if (online) tell()
}

start()
