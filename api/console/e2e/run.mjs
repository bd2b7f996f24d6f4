// Goes through the console as a person would, in a real browser, against a running gateway.
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_USER=admin GATEHOUSE_PASSWORD=… node e2e/run.mjs
//
// It signs in, sees an alert, acknowledges and resolves it, finds an arrived student, then
// opens every page at 390 and 1920 px: no sideways scrolling, no serious accessibility
// fault, no error in the browser's console. Pictures go to GATEHOUSE_SHOTS (default
// e2e/../shots). GATEHOUSE_WAIT is how many seconds an alert and an arrival may take (180).
// GATEHOUSE_ENROL is the name under which the stranger of an open alert is enrolled; without it
// nobody is. CHROMIUM names the browser.

import { fileURLToPath } from 'node:url'
import { seen, settled, trial } from './trial.mjs'

export function run({ url, user, password, shots, wait = 180, enrol, own }) {
  return trial({ url, shots }, async (t, page) => {
    await t.step('sign in', () => signIn(t, page, user, password), { needed: true })
    if (enrol) await t.step('a stranger is enrolled', () => enrolStranger(t, page, wait, enrol))
    if (own) await t.step('an alert of the gateway itself says what to do', () => ownAlert(t, page, own))
    await t.step('an alert is seen, acknowledged and resolved', () => answerAlert(t, page, wait))
    await t.step('a student has arrived', () => findArrived(t, page, wait))
    await t.step('the roll is called, also without a network', () => callRoll(t, page))
    await t.step('a device whose data is not to be trusted says why', () => findQuality(t, page, wait))
    await t.step('a student’s page asks for a reason', () => askReason(t, page))
    await t.step('the address shows what was chosen, and back undoes it', () => keepAddress(page))
    await t.step('a sign-in that ends keeps what was typed', () => keepForm(t, page, password))
    await t.step('every page at 1920 px', () => everyPage(t, page, 1920, 1080, 'light'))
    await t.step('every page at 390 px', () => everyPage(t, page, 390, 844, 'dark'))
    await t.step('the other language', () => chinese(t, page))
    await t.step('the stream’s loss is shown', () => loseStream(t, page))
    await t.step('sign out', () => signOut(page))
  })
}

async function signIn(t, page, user, password) {
  await page.goto('/')
  await page.locator('input[name=username]').fill(user)
  await t.shot(page, 'signin')
  await t.inspect(page, 'sign-in')
  await page.locator('input[name=password]').fill('certainly wrong')
  t.quiet = true
  await page.locator('button[type=submit]').click()
  await page.locator('[role=alert]').waitFor()
  t.quiet = false
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.stream[data-state=live]').waitFor()
}

async function enrolStranger(t, page, wait, name) {
  await page.goto('/wall')
  const enrol = page.locator('article.alert [data-testid=enrol]').first()
  await enrol.waitFor({ timeout: wait * 1000 })
  await enrol.click()
  const dialog = page.locator('[role=dialog]')
  await dialog.locator('img.enrol-shot').waitFor()
  await dialog.getByLabel('Name', { exact: false }).first().fill(name)
  await dialog.getByLabel('Who said so', { exact: false }).fill('self')
  await dialog.getByLabel('How', { exact: false }).fill('signed at the desk')
  await t.shot(page, 'wall-enrol')
  await t.inspect(page, 'the enrol dialog')
  await dialog.locator('button[type=submit]').click()
  await dialog.waitFor({ state: 'detached' })
}

async function ownAlert(t, page, rule) {
  await page.goto('/wall')
  const card = page.locator(`article.alert[data-rule="${rule}"]`)
  await card.getByText('Free some on the disk').waitFor()
  if (await card.locator('a[href^="/fleet/"]').count())
    throw new Error('it leads to a device, and there is none')
  await t.shot(page, 'wall-own')
}

async function answerAlert(t, page, wait) {
  await page.goto('/wall')
  const open = page.locator('article.alert[data-state=open]')
  await open.first().waitFor({ timeout: wait * 1000 })
  await t.shot(page, 'wall-open')
  const id = await open.first().getAttribute('data-alert')
  const card = page.locator(`article.alert[data-alert="${id}"]`)
  await card.locator('[data-testid=acknowledge]').click({ delay: 150 }) // as long as a finger takes
  await page.locator(`article.alert[data-alert="${id}"][data-state=acknowledged]`).waitFor()
  await t.shot(page, 'wall-acknowledged')
  await card.locator('[data-testid=resolve]').click()
  await page.locator('[role=dialog] textarea').fill('Looked at in the browser test; nothing to do.')
  await t.shot(page, 'wall-resolve')
  await page.locator('[role=dialog] [data-testid=do]').click()
  await card.waitFor({ state: 'detached' })
  await page.goto('/alerts')
  await page.getByText('Looked at in the browser test').first().waitFor()
}

async function findArrived(t, page, wait) {
  const until = Date.now() + wait * 1000
  for (;;) {
    await page.goto('/attendance')
    const tabs = page.locator('[role=tab][data-session]')
    await tabs.first().waitFor()
    const chip = page.locator('.chip[data-state=arrived]')
    for (let i = 0; i < (await tabs.count()); i++) {
      await tabs.nth(i).click()
      await page.locator('.chip[data-state], .empty').first().waitFor()
      if (!(await chip.count())) continue
      await chip.click()
      await page.locator('table.rows tbody tr td[data-main]').first().waitFor()
      await t.shot(page, 'attendance-arrived')
      return
    }
    if (Date.now() > until) throw new Error('nobody has arrived at any session')
  }
}

// The roll of the session that is open: a tick that cannot be sent is kept, over a reload too.
async function callRoll(t, page) {
  await page.getByRole('link', { name: 'Call the roll' }).click()
  const first = page.locator('.roll li').first()
  await first.waitFor()
  const sent = page.locator('[data-testid=roll-state]', { hasText: 'Everything is sent.' })
  const tick = (word) => first.getByRole('button', { name: word }).click()
  t.quiet = true
  await page.route('**/v1/attendance/roll', (r) => r.abort())
  await tick('Absent')
  await page.getByText('1 tick waits to be sent').waitFor()
  await page.reload()
  await first.getByText('not sent yet').waitFor()
  await page.unroute('**/v1/attendance/roll')
  await sent.waitFor()
  t.quiet = false
  await first.locator('.tag', { hasText: 'Absent' }).waitFor({ timeout: 30_000 })
  await tick('Here')
  await sent.waitFor()
  await seen(t, page, 'roll', () => page.locator('.roll li').first().waitFor())
}

async function findQuality(t, page, wait) {
  const until = Date.now() + wait * 1000
  const day = page.locator('table.rows tbody td[data-main] a')
  for (;;) {
    await page.goto('/quality')
    await day.or(page.locator('.empty')).first().waitFor()
    if (await day.count()) break
    if (Date.now() > until) throw new Error('the report is empty')
  }
  await t.shot(page, 'quality')
  await day.first().click()
  await page.locator('table.rows tbody td[data-main]').first().waitFor()
  await page.locator('[data-finding]').or(page.getByText('Nothing is wrong.')).first().waitFor()
  await t.shot(page, 'quality-devices')
  await t.inspect(page, 'the devices of a day')
}

async function askReason(t, page) {
  await page.goto('/people?kind=student')
  await page.locator('table.rows tbody td[data-main] a').first().click()
  const field = page.locator('form input')
  await field.waitFor()
  await t.shot(page, 'person-reason')
  await t.inspect(page, 'person-reason')
  await field.fill('Browser test')
  await page.locator('form button[type=submit]').click()
  await page.locator('dl.facts').first().waitFor()
  await t.shot(page, 'person')
  await t.inspect(page, 'person')
}

async function keepAddress(page) {
  await page.goto('/fleet')
  const search = page.locator('.filters input').first()
  await search.fill('smoke')
  await page.waitForURL(/q=smoke/)
  await page.locator('.chip').first().click()
  await page.waitForURL(/state=/)
  await page.reload()
  await page.locator('.chip[aria-pressed=true]').waitFor()
  if ((await search.inputValue()) !== 'smoke') throw new Error('the search is gone after a reload')
  await page.goBack()
  await page.waitForURL((u) => !u.searchParams.has('state') && u.searchParams.get('q') === 'smoke')
}

// The sign-in ends while a form is open; nothing of it is saved.
async function keepForm(t, page, password) {
  await page.goto('/settings/places')
  await page.locator('.tree-line button').first().click()
  const dialog = page.locator('[role=dialog]').first()
  const name = dialog.locator('input').first()
  await name.fill('Typed before the end')
  t.quiet = true
  await page.context().clearCookies()
  await dialog.locator('button[type=submit]').click()
  const again = page.locator('[data-testid=signinagain]')
  await again.waitFor()
  await t.shot(page, 'signed-out')
  await t.inspect(page, 'signing in again')
  await again.locator('input[name=password]').fill(password)
  await again.locator('button[type=submit]').click()
  await again.waitFor({ state: 'detached' })
  t.quiet = false
  if ((await name.inputValue()) !== 'Typed before the end') throw new Error('what was typed is gone')
  await page.keyboard.press('Escape')
  await page.locator('[data-testid=discard] button').last().click()
  await dialog.waitFor({ state: 'detached' })
  await page.locator('.stream[data-state=live]').waitFor()
}

const pages = [
  '/wall',
  '/incidents',
  '/alerts',
  '/rules',
  '/rules/import',
  '/cameras',
  '/attendance',
  '/attendance/month',
  '/people',
  '/people/import',
  '/fleet',
  '/occurrences',
  '/quality',
  '/fleet/add',
  '/drivers',
  '/integrations',
  '/status',
  '/settings/school',
  '/settings/places',
  '/settings/sessions',
  '/settings/users',
  '/settings/police',
  '/settings/audit',
]

async function everyPage(t, page, width, height, scheme) {
  await page.setViewportSize({ width, height })
  await page.evaluate((s) => localStorage.setItem('mantine-color-scheme-value', s), scheme)
  const visit = async (path, name) => {
    await page.goto(path)
    await page.locator('h1').waitFor()
    await settled(page)
    await t.shot(page, `${name}-${width}`)
    await t.inspect(page, `${path} at ${width} px`)
  }
  for (const p of pages) await visit(p, p.slice(1).replaceAll('/', '-'))
  for (const [list, link, name] of [
    ['/fleet?type=sensor', 'table.rows tbody td[data-main] a', 'device'],
    ['/cameras', 'a.cam', 'camera'],
    ['/drivers', 'table.rows tbody td[data-main] a', 'driver'],
    ['/quality', 'table.rows tbody td[data-main] a', 'quality-devices'],
    ['/incidents', 'article.incident h3 a', 'incident'],
  ]) {
    await page.goto(list)
    await page.locator('h1').waitFor()
    await settled(page)
    const href = await page
      .locator(link)
      .first()
      .getAttribute('href', { timeout: 3000 })
      .catch(() => null)
    if (href) await visit(href, name)
  }
}

// speak chooses a language, and waits until the menu has faded out.
async function speak(page, lang) {
  await page.locator('[data-testid=language]').click()
  await page.locator(`[role=menuitem][lang=${lang}]`).click()
  await page.waitForFunction(
    (want) => document.documentElement.lang === want && !document.querySelector('[role=menu]'),
    lang,
  )
}

async function chinese(t, page) {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/wall')
  await speak(page, 'zh-CN')
  await settled(page)
  await t.shot(page, 'wall-zh')
  await t.inspect(page, 'wall in Chinese')
  await page.goto('/attendance')
  await settled(page)
  await t.shot(page, 'attendance-zh')
  await speak(page, 'en')
}

async function loseStream(t, page) {
  await page.goto('/wall')
  await page.locator('.stream[data-state=live]').waitFor()
  t.quiet = true
  await page.context().setOffline(true)
  await page.route('**/v1/stream*', (r) => r.abort())
  await page.reload().catch(() => {})
  await page.context().setOffline(false)
  await page.goto('/wall')
  await page.locator('.banner[data-tone=red]').waitFor({ timeout: 60_000 })
  await t.shot(page, 'wall-lost')
  await page.unroute('**/v1/stream*')
  await page.locator('.stream[data-state=live]').waitFor({ timeout: 30_000 })
  t.quiet = false
}

async function signOut(page) {
  await page.locator('button.who').click()
  await page.locator('[role=menuitem]').last().click()
  await page.locator('input[name=username]').waitFor()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {
    GATEHOUSE_URL: url,
    GATEHOUSE_USER: user,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_SHOTS: shots,
    GATEHOUSE_WAIT: wait,
    GATEHOUSE_ENROL: enrol,
  } = process.env
  if (!url || !user || !password) {
    console.error('set GATEHOUSE_URL, GATEHOUSE_USER and GATEHOUSE_PASSWORD')
    process.exit(2)
  }
  process.exit(
    (await run({
      url,
      user,
      password,
      shots: shots || undefined,
      wait: wait ? Number(wait) : undefined,
      enrol,
    }))
      ? 0
      : 1,
  )
}
