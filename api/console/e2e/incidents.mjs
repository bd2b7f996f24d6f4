// Goes through an incident of two rooms in a real browser, against a gateway in which two
// laboratories burn (gateway/e2e/incident_test.go makes one) and whose process
// number is GATEHOUSE_PID:
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_INCIDENT=inc_… node e2e/incidents.mjs
//
// Both rooms are on the page and on the guard room's screen; the procedure branches and is taken
// back; it is contained while it burns, closed with an outcome, and its report prints; the screen
// says loudly that it has lost the gateway; a guard whose rights end loses the alert.

import { fileURLToPath } from 'node:url'
import { seen, settled, signIn, sizes, trial } from './trial.mjs'

const rooms = ['Laboratory 1', 'Laboratory 2']

export function run({ url, user, password, incident, guard, guardPassword, pid, shots }) {
  return trial({ url, shots }, async (t, page) => {
    await t.step('sign in', () => signIn(page, '/wall', user, password), { needed: true })
    await t.step('the wall has one line with both rooms', () => wallLine(t, page))
    await t.step('the page says both rooms, and who is not heard', () => bothRooms(t, page, incident))
    await t.step('the procedure branches, and is taken back', () => procedure(page, incident))
    await t.step('the screen shows both rooms at once', () => screen(t, page))
    await t.step('the screen is loud when the gateway is lost', () => lost(t, page, pid))
    await t.step('a guard whose rights end loses the alert', () =>
      rightsEnd(t, page, incident, guard, guardPassword),
    )
    await t.step('it is contained while it burns', () => contain(t, page, incident))
    await t.step('the log says who was told', () => told(page, incident))
    await t.step('it is closed with an outcome', () => close(t, page, incident))
    await t.step('its report prints', () => report(t, page, incident))
    await t.step('one is opened by hand, at a place', () => byHand(t, page))
    await t.step('the shift note lists what is not over', () => shift(t, page))
  })
}

const api = (page, method, path, body) =>
  page.evaluate(
    async ({ method, path, body }) => {
      const me = await fetch('/v1/me').then((r) => r.json())
      const r = await fetch(path, {
        method,
        headers: { 'Content-Type': 'application/json', 'X-Gatehouse-CSRF': me.csrf },
        body: body && JSON.stringify(body),
      })
      if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`)
      return r.status === 204 ? undefined : r.json()
    },
    { method, path, body },
  )

async function has(locator, texts) {
  for (const text of texts) await locator.first().filter({ hasText: text }).waitFor()
}

async function wallLine(t, page) {
  await page.goto('/wall')
  await has(page.locator('article.alert-group'), [...rooms, '× 2'])
  await seen(t, page, 'incident-wall', () => page.locator('article.alert-group').first().waitFor())
}

async function bothRooms(t, page, incident) {
  await page.goto(`/incidents/${incident}`)
  const card = page.locator(`article.incident[data-incident="${incident}"]`)
  await has(card.locator('[data-testid=rooms]'), ['Floor 1', 'Floor 2', ...rooms])
  await page.waitForFunction(() => document.querySelectorAll('.incident [data-testid=whereis]').length === 2)
  const where = await card.locator('[data-testid=whereis]').allInnerTexts()
  for (const room of rooms)
    if (!where.some((w) => w.includes(room))) throw new Error(`${room} is not shown: ${where}`)
  // The detectors have spoken once and are gone: their last word is not the present.
  await card.locator('[data-testid=rooms] [data-testid=unheard]').first().waitFor({ timeout: 120_000 })
  await seen(t, page, 'incident', () => card.waitFor())
}

async function procedure(page, incident) {
  await page.goto(`/incidents/${incident}`)
  const steps = page.locator('[data-testid=steps] li')
  await steps.first().waitFor()
  const before = await steps.count()
  await steps.first().locator('input[type=checkbox]').click()
  await page.locator('[data-testid=steps] li input:checked').first().waitFor()
  const question = page.locator('[data-testid=steps] .question').first()
  await question.getByRole('button', { name: 'Yes' }).click()
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid=steps] li').length > n, before)
  await question.getByRole('button', { name: 'Take back' }).click()
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid=steps] li').length === n, before)
  await steps.first().locator('input[type=checkbox]').click()
  await page.waitForFunction(() => !document.querySelector('[data-testid=steps] li input:checked'))
  await question.getByRole('button', { name: 'No', exact: true }).click()
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid=steps] li').length > n, before)
}

async function screen(t, page) {
  // What beeps is counted where a browser makes sound.
  await page.addInitScript(() => {
    window.beeps = 0
    const make = window.AudioContext?.prototype.createOscillator
    if (make)
      window.AudioContext.prototype.createOscillator = function () {
        window.beeps++
        return make.call(this)
      }
  })
  await page.goto('/screen')
  await page.locator('[data-testid=screen-live]').waitFor()
  await has(page.locator('.screen-lines'), ['Floor 1', 'Floor 2', ...rooms])
  await page.waitForFunction(() => document.querySelectorAll('.screen-place').length === 2)
  const places = (await page.locator('.screen-places').innerText()).replaceAll('\n', ' ')
  for (const text of ['Floor 1', 'Floor 2', ...rooms])
    if (!places.includes(text)) throw new Error(`${text} is not beside the lines: ${places}`)
  const scheme = await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)
  if (scheme !== 'dark') throw new Error(`the screen is ${scheme}`)
  for (const [width, size] of Object.entries({ 1920: { width: 1920, height: 1080 }, ...sizes })) {
    await page.setViewportSize(size)
    await settled(page)
    await t.shot(page, `incident-screen-${width}`)
  }
  await page.setViewportSize(sizes[1366])
}

// The gateway hangs: the connection stands, and nothing comes.
async function lost(t, page, pid) {
  await page.mouse.click(400, 60) // lets the browser play sound
  t.quiet = true
  process.kill(pid, 'SIGSTOP')
  try {
    await page.locator('[data-testid=screen-lost]').waitFor({ timeout: 90_000 })
    const before = await page.evaluate(() => window.beeps)
    await page.waitForFunction((n) => window.beeps > n, before, { timeout: 30_000 })
    await t.shot(page, 'incident-screen-lost')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await page.locator('[data-testid=screen-live]').waitFor({ timeout: 90_000 })
  t.quiet = false
}

// The guard takes an alert; the account is ended; the alert is everybody's again, and the guard's page
// asks who is there.
async function rightsEnd(t, page, incident, guard, guardPassword) {
  const context = await page
    .context()
    .browser()
    .newContext({
      baseURL: new URL(page.url()).origin,
      viewport: sizes[1366],
    })
  const theirs = await context.newPage()
  await signIn(theirs, '/wall', guard, guardPassword)
  await theirs.goto(`/incidents/${incident}`)
  const card = theirs.locator('article.alert[data-state=open]').first()
  const id = await card.getAttribute('data-alert')
  await card.locator('[data-testid=acknowledge]').click()
  await theirs.locator(`article.alert[data-alert="${id}"][data-state=acknowledged]`).waitFor()
  await page.goto(`/incidents/${incident}`)
  await page.locator(`article.alert[data-alert="${id}"][data-state=acknowledged]`).waitFor()
  const { items } = await api(page, 'GET', '/v1/users?limit=100')
  const user = items.find((u) => u.name === guard)
  await api(page, 'PATCH', `/v1/users/${user.id}`, { disabled: true })
  const back = page.locator(`article.alert[data-alert="${id}"][data-state=open]`)
  await back.waitFor({ timeout: 60_000 })
  await has(back, ['may handle alerts no more'])
  await t.shot(page, 'rights-ended-others')
  await theirs.locator('input[name=password]').waitFor({ timeout: 60_000 })
  await t.shot(theirs, 'rights-ended-own')
  await context.close()
}

async function contain(t, page, incident) {
  await page.goto(`/incidents/${incident}`)
  await page.getByRole('button', { name: 'It is contained' }).click()
  const dialog = page.locator('[role=dialog]')
  await has(dialog.locator('[data-testid=still-holds]'), rooms)
  await t.shot(page, 'incident-contain')
  await dialog.getByRole('button', { name: 'It is contained' }).click()
  await has(page.locator('article.incident > [data-testid=still-holds]'), ['Contained', ...rooms])
  await has(page.locator('[data-testid=incident-log]'), ['while 2 alerts still fired'])
  await seen(t, page, 'incident-contained', () => page.locator('article.incident').first().waitFor())
}

async function told(page, incident) {
  await page.goto(`/incidents/${incident}`)
  await page.locator('[data-testid=who-was-told]').waitFor()
}

async function close(t, page, incident) {
  await page.goto(`/incidents/${incident}`)
  const i = await api(page, 'GET', `/v1/incidents/${incident}`)
  await api(page, 'POST', `/v1/incidents/${incident}/approval`, {
    version: i.version,
    approve: false,
    comment: 'nothing to hand over',
  })
  await page.locator('article.incident').getByRole('button', { name: 'Close the incident' }).click()
  const dialog = page.locator('[role=dialog]')
  await has(dialog.locator('[data-testid=still-holds]'), rooms)
  await dialog.locator('input[type=radio][value=real]').check()
  await dialog.locator('textarea').fill('two bins burnt; put out by the caretaker')
  await t.shot(page, 'incident-close')
  await dialog.locator('[data-testid=do]').click()
  await has(page.locator('article.incident'), ['two bins burnt'])
}

async function report(t, page, incident) {
  await page.goto(`/incidents/${incident}/report`)
  await has(page.locator('[data-testid=report]'), [...rooms, 'two bins burnt'])
  await page.locator('[data-testid=timeline] tr').first().waitFor()
  await t.shot(page, 'incident-report')
  await page.emulateMedia({ media: 'print' })
  const paper = await page.pdf({ format: 'A4' })
  if (paper.length < 10_000) throw new Error(`${paper.length} bytes of paper`)
  await page.emulateMedia({ media: 'screen' })
}

async function byHand(t, page) {
  await page.goto('/incidents')
  await page.locator('[data-testid=open-incident]').click()
  const dialog = page.locator('[role=dialog]')
  await dialog.getByLabel('What is it?').fill('Smell of gas')
  await dialog
    .getByRole('combobox', { name: 'Where?' })
    .or(dialog.getByRole('textbox', { name: 'Where?' }))
    .first()
    .click()
  await page.getByRole('option', { name: 'Laboratory 2' }).click()
  await dialog
    .getByRole('combobox', { name: 'Procedure to follow' })
    .or(dialog.getByRole('textbox', { name: 'Procedure to follow' }))
    .first()
    .click()
  await page.getByRole('option', { name: 'Gas is smelled or measured' }).click()
  await t.shot(page, 'incident-open')
  await t.inspect(page, 'opening an incident')
  await dialog.locator('[data-testid=open-now]').click()
  await has(page.locator('article.incident h2'), ['Smell of gas'])
  await has(page.locator('[data-testid=rooms]'), ['Floor 2', 'Laboratory 2'])
  await page.locator('[data-testid=steps] li').first().waitFor()
}

async function shift(t, page) {
  await page.goto('/shift')
  await has(page.locator('[data-testid=standing]'), ['Smell of gas', 'Shelved and under maintenance'])
  await seen(t, page, 'shift', () => page.locator('[data-testid=standing]').waitFor())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {
    GATEHOUSE_URL: url,
    GATEHOUSE_USER: user,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_INCIDENT: incident,
    GATEHOUSE_GUARD: guard,
    GATEHOUSE_GUARD_PASSWORD: guardPassword,
    GATEHOUSE_PID: pid,
    GATEHOUSE_SHOTS: shots,
  } = process.env
  if (!url || !user || !password || !incident || !guard || !guardPassword || !pid) {
    console.error(
      'set GATEHOUSE_URL, GATEHOUSE_USER, GATEHOUSE_PASSWORD, GATEHOUSE_INCIDENT, GATEHOUSE_PID and the guard',
    )
    process.exit(2)
  }
  const ok = await run({
    url,
    user,
    password,
    incident,
    guard,
    guardPassword,
    pid: Number(pid),
    shots: shots || undefined,
  })
  process.exit(ok ? 0 : 1)
}
