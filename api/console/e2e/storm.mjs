// A storm of alerts on an open wall, in a real browser against dev/mock.mjs:
//
//   node e2e/storm.mjs [alerts] [seconds] [runs]      (500 alerts in 5 s, once)
//
// What must hold: the one critical alert is on the screen within a second; the card under the
// pointer stays; the totals are those of the gateway; taking an alert on shows within 200 ms while
// all are open; no task of the page is longer than 200 ms (median of the runs' longest; of processor
// time, which other work on the machine does not stretch; by the clock beside it); on a phone
// a critical alert is above the fold. The figures are printed as JSON; times count where there are
// several runs (the benchmark), and not in a single one, which may share its machine.

import { fileURLToPath } from 'node:url'
import { mock } from '../dev/mock.mjs'
import { traced } from './tasks.mjs'
import { trial } from './trial.mjs'

const bars = { critical: 1000, task: 200, take: 200 } // ms

export async function storm({ alerts = 500, seconds = 5, shots, strict = false, last = true } = {}) {
  const server = mock({ demo: false })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${server.address().port}`
  const figures = {}
  const within = (what, ms, most) => {
    if (strict && ms > most) throw new Error(`${what} after ${ms} ms`)
  }
  const post = (body) =>
    fetch(url + '/mock/alert', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }).then((r) => r.json())
  const ok = await trial({ url, shots }, async (t, page) => {
    await t.step('sign in', () => signIn(page), { needed: true })
    await t.step('one Tab leads to the first button', () => firstTab(page))
    await t.step('a storm', () => rage(page, post, alerts, seconds, figures, within))
    await t.shot(page, 'storm-1366')
    await t.step('the totals are the gateway\u2019s', () => totals(page, alerts))
    await t.step('taking on is quick, and undone', () => take(page, figures, within))
    await t.step('what could not be taken is not in hand', () => away(t, page))
    await t.step('a group is one line, taken as one', () => group(page))
    await t.step('by keyboard', () => keyboard(page))
    await t.step('on a phone', () => phone(t, page, post, within))
    await t.inspect(page, 'the wall in a storm')
    // In the last run alone, since the alerts of the mock stay for the next.
    for (const lang of last ? ['zh-CN', 'en'] : [])
      for (const [width, height] of [
        [1366, 768],
        [390, 844],
      ])
        await t.step(`sixty of them at ${width} px in ${lang}`, () =>
          sixty(t, page, post, lang, width, height),
        )
  })
  server.closeAllConnections()
  server.close()
  return { ok, figures }
}

async function signIn(page) {
  await page.addInitScript(() => {
    window.longTasks = []
    new PerformanceObserver((l) => window.longTasks.push(...l.getEntries().map((e) => e.duration))).observe({
      type: 'longtask',
    })
  })
  await page.setViewportSize({ width: 1366, height: 768 })
  await page.goto('/wall')
  await page.locator('input[name=username]').fill('admin')
  await page.locator('input[name=password]').fill('demo-password-1')
  await page.locator('button[type=submit]').click()
  await page.locator('.stream[data-state=live]').waitFor()
  await page.goto('/wall')
  await page.locator('article.alert').first().waitFor()
}

async function firstTab(page) {
  await page.keyboard.press('Tab')
  const at = await page.evaluate(
    () => document.activeElement?.closest('article.alert') && document.activeElement.tagName,
  )
  if (at !== 'BUTTON') throw new Error(`the first Tab leads to ${at}`)
}

const card = (page, id) => page.locator(`article.alert[data-alert="${id}"]`)

async function rage(page, post, alerts, seconds, figures, within) {
  const aimed = page.locator('article.alert').nth(1)
  const box = await aimed.boundingBox()
  const key = await aimed.getAttribute('data-line')
  const place = () =>
    page.evaluate((k) => {
      const line = [...document.querySelectorAll('[data-line]')].find((e) => e.dataset.line === k)
      return line && Math.round(line.getBoundingClientRect().top) // heights are no whole pixels
    }, key)
  await page.mouse.move(box.x + box.width / 2, box.y + 8)
  await page.mouse.move(box.x + box.width / 2 + 1, box.y + 8)
  const was = await place()
  await page.evaluate(() => (window.longTasks.length = 0))
  const ended = await traced(page)
  const ticks = seconds * 10
  const began = Date.now()
  let fire
  for (let i = 0; i < ticks; i++) {
    const many = Array.from({ length: Math.round(alerts / ticks) }, (_, n) => ({
      rule: n % 3 ? 'device-offline' : 'co2-classroom',
      severity: n % 3 ? 'major' : 'warning',
      title: n % 3 ? 'A device is offline' : 'High CO\u2082 in a classroom',
      zone: 'zon_71',
      zone_name: `Classroom ${(i + n) % 40}`,
      device: 'board-3',
      device_name: `Board ${i}-${n}`,
      audible: false,
    }))
    await post({ many })
    if (i === Math.floor(ticks / 2)) fire = seen(page, post)
    await page.mouse.move(box.x + box.width / 2 + (i % 2), box.y + 8) // a hand that rests
    const left = began + (i + 1) * 100 - Date.now()
    if (left > 0) await page.waitForTimeout(left)
  }
  figures.critical = await fire
  within('the fire showed', figures.critical, bars.critical)
  const is = await place()
  if (Math.abs(is - was) > 1) throw new Error(`the card under the pointer moved from ${was} to ${is}`)
  await page.mouse.move(5, 400)
  await page.locator('article.alert-group').first().waitFor()
  figures.longest = await page.evaluate(() => Math.round(Math.max(0, ...window.longTasks)))
  Object.assign(figures, { trace: await ended() })
}

// How long until a critical alert is on the screen: in the list or in the dock.
async function seen(page, post) {
  const began = Date.now()
  const { ids } = await post({
    rule: 'smoke-and-heat',
    severity: 'critical',
    title: 'Smoke and heat',
    zone: 'zon_lab1',
    zone_name: 'Chemistry laboratory 1',
    device: 'lab-smoke-1',
    device_name: 'Smoke sensor 1',
  })
  await page.waitForFunction(
    (id) =>
      [...document.querySelectorAll(`[data-alert="${id}"], [data-dock="${id}"]`)].some((e) => {
        const r = e.getBoundingClientRect()
        return r.top >= 0 && r.top < innerHeight
      }),
    ids[0],
    { polling: 20 },
  )
  return Date.now() - began
}

async function totals(page, alerts) {
  const w = await page.evaluate(() => fetch('/v1/wall?limit=1').then((r) => r.json()))
  const open = Object.values(w.open).reduce((a, b) => a + b, 0)
  if (open < alerts) throw new Error(`the gateway has ${open} open alerts`)
  await page.waitForFunction(
    (n) => document.querySelector('.page-title').textContent.includes(`${n} unanswered`),
    open,
  )
}

async function take(page, figures, within) {
  const open = page.locator('article.alert[data-alert][data-state=open]').first()
  const id = await open.getAttribute('data-alert')
  figures.take = await page.evaluate(async (id) => {
    const at = () => document.querySelector(`article.alert[data-alert="${id}"]`)
    const began = performance.now()
    at().querySelector('[data-testid=acknowledge]').click()
    while (at()?.dataset.state === 'open') await new Promise(requestAnimationFrame)
    return Math.round(performance.now() - began)
  }, id)
  within('it was taken', figures.take, bars.take)
  await page.locator('[data-testid=undo]').click()
  await page.locator(`article.alert[data-alert="${id}"][data-state=open]`).waitFor()
  await page.locator('[data-testid=undo]').waitFor({ state: 'detached' }) // what it said is gone
}

// The gateway is not there to be asked: the card says so at once, and not that somebody has it.
async function away(t, page) {
  const id = await page
    .locator('article.alert[data-alert][data-state=open]')
    .first()
    .getAttribute('data-alert')
  const gone = (route) => route.abort('connectionrefused')
  t.quiet = true
  await page.route('**/v1/**', gone)
  await page.locator(`article.alert[data-alert="${id}"] [data-testid=acknowledge]`).click({ delay: 150 })
  await page.locator('.mantine-Notification-root').filter({ hasText: 'did not work' }).waitFor()
  await page.locator(`article.alert[data-alert="${id}"][data-state=open]`).waitFor({ timeout: 2000 })
  await page.unroute('**/v1/**', gone)
  await page.locator('.stream[data-state=live]').waitFor()
  t.quiet = false
  await page.locator('.mantine-Notification-root button').first().click()
}

async function group(page) {
  const line = page.locator('article.alert-group').first()
  await line.locator('[data-testid=take-all]').click()
  const toast = page.locator('.mantine-Notification-root', { has: page.locator('[data-testid=undo]') })
  await toast.waitFor()
  const taken = Number((await toast.textContent()).match(/\d+/)?.[0])
  if (!(taken >= 5)) throw new Error(`${taken} were taken`)
  await page.locator('[data-testid=undo]').click()
  await page.locator('article.alert-group [data-testid=take-all]').first().waitFor()
  await page.locator('[data-testid=undo]').waitFor({ state: 'detached' })
}

async function keyboard(page) {
  await page.evaluate(() => window.scrollTo(0, 0))
  await page.locator('article.alert').first().focus()
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('Shift+x')
  await page.locator('[data-testid=selection]').waitFor()
  await page.keyboard.press('a')
  await page.locator('[data-testid=selection]').waitFor({ state: 'detached' })
  await page.locator('[data-testid=undo]').waitFor()
  await page.keyboard.press('u')
  await page.locator('[data-testid=undo]').waitFor({ state: 'detached' })
  // Keys that are quicker than the focus still go line by line.
  await page.locator('article.alert').first().focus()
  await page.evaluate(() => {
    for (const key of ['j', 'j']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))
  })
  await page.waitForFunction(() => {
    const line = document.activeElement?.closest('[data-line]')
    return line?.closest('.wall-line')?.dataset.index === '2'
  })
}

async function phone(t, page, post, within) {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.evaluate(() => window.scrollTo(0, 0))
  const after = await seen(page, post)
  within('on a phone the fire showed', after, bars.critical)
  await t.shot(page, 'storm-390')
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
  await page.locator('[data-testid=dock]').waitFor()
  await t.shot(page, 'storm-390-dock')
}

// Waits until the card has stood where it is for ten frames: the page has been laid out.
const resting = (page, id) =>
  card(page, id).evaluate(
    (e) =>
      new Promise((done) => {
        let [top, frames] = [NaN, 0]
        const look = () => {
          const now = e.getBoundingClientRect().top
          frames = now === top ? frames + 1 : 0
          top = now
          if (frames === 10) done()
          else requestAnimationFrame(look)
        }
        look()
      }),
  )

// Sixty alerts, each a line of its own: the card under the pointer stays, a fire is in sight, the
// totals are true, nothing is too wide, and the line under the pointer can be taken.
async function sixty(t, page, post, lang, width, height) {
  await page.setViewportSize({ width, height })
  await page.goto('/wall')
  await page.locator('[data-testid=language]').click()
  await page.locator(`[role=menuitem][lang=${lang}]`).click()
  await page.waitForFunction(
    (want) => document.documentElement.lang === want && !document.querySelector('[role=menu]'),
    lang,
  )
  const aimed = page.locator('article.alert[data-alert][data-state=open]').first()
  await aimed.waitFor()
  const id = await aimed.getAttribute('data-alert')
  await resting(page, id)
  const box = await aimed.boundingBox()
  const at = () => card(page, id).evaluate((e) => Math.round(e.getBoundingClientRect().top))
  await page.mouse.move(box.x + box.width / 2, box.y + 8)
  await page.mouse.move(box.x + box.width / 2 + 1, box.y + 8)
  const was = await at()
  for (let i = 0; i < 60; i++) {
    const severity = ['critical', 'major', 'warning'][i % 3]
    await post({
      rule: `sixty-${lang}-${width}-${i}`,
      severity,
      title: 'Door held open',
      title_zh: '门长时间未关',
      zone: 'zon_71',
      zone_name: `Classroom ${i}`,
      device: 'board-3',
      device_name: `Board ${i}`,
    })
    await page.mouse.move(box.x + box.width / 2 + (i % 2), box.y + 8) // a hand that rests
  }
  await seen(page, post)
  const is = await at()
  if (Math.abs(is - was) > 1) throw new Error(`the card under the pointer moved from ${was} to ${is}`)
  const w = await page.evaluate(() => fetch('/v1/wall?limit=1').then((r) => r.json()))
  const open = Object.values(w.open).reduce((a, b) => a + b, 0)
  await page.waitForFunction((n) => document.querySelector('.page-title').textContent.includes(`${n}`), open)
  await t.shot(page, `sixty-${width}-${lang}`)
  await t.inspect(page, `sixty alerts at ${width} px in ${lang}`)
  await card(page, id).locator('[data-testid=acknowledge]').click()
  const state = (want) =>
    page.waitForFunction(
      ({ id, want }) =>
        fetch(`/v1/alerts/${id}`)
          .then((r) => r.json())
          .then((a) => a.state === want),
      { id, want },
    )
  await state('acknowledged')
  await page.locator('[data-testid=undo]').click()
  await state('open')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [alerts = 500, seconds = 5, runs = 1] = process.argv.slice(2).map(Number)
  const all = []
  let fine = true
  for (let i = 0; i < runs; i++) {
    const { ok, figures } = await storm({
      alerts,
      seconds,
      strict: runs > 1,
      last: i === runs - 1,
      shots: process.env.GATEHOUSE_SHOTS || undefined,
    })
    all.push(figures)
    fine &&= ok
  }
  const median = (of) => all.map((f) => of(f) ?? Infinity).sort((a, b) => a - b)[Math.floor(all.length / 2)]
  const longest = median((f) => f.trace?.cpu)
  const clock = median((f) => f.longest)
  console.log(JSON.stringify({ alerts, seconds, longest, clock, runs: all }))
  const slow = runs > 1 && longest > bars.task
  const said = `the longest task of the page, median of ${runs}: ${longest} ms (by the clock ${clock} ms)`
  console.log(`${slow ? 'MISSED' : 'held'}  ${said}; at most ${bars.task} ms`)
  process.exit(fine && !slow ? 0 : 1)
}
