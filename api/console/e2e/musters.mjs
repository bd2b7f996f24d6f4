// Goes through an evacuation drill in a real browser: started from the console, ticked on two
// telephones, one of them without a network for a while, closed with a record. Against the mock, or a
// gateway:
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_USER=principal GATEHOUSE_PASSWORD=… node e2e/musters.mjs

import { fileURLToPath } from 'node:url'
import { mock } from '../dev/mock.mjs'
import { seen, settled, signIn, sizes, trial } from './trial.mjs'

export function run({ url, user, password, shots }) {
  return trial({ url, shots }, async (t, page) => {
    const other = await page
      .context()
      .browser()
      .newContext({ baseURL: url, locale: 'en-GB', viewport: sizes[390], reducedMotion: 'reduce' })
    const phone = await other.newPage()
    t.watch(phone)
    await t.step('sign in', () => signIn(page, '/musters', user, password), { needed: true })
    await t.step('sign in on a telephone', () => signIn(phone, '/inside', user, password), { needed: true })
    await t.step('the page of musters in both languages', () =>
      seen(t, page, 'musters', () => page.getByTestId('muster-start').waitFor()),
    )
    await t.step('a drill is started', () => starts(page), { needed: true })
    await t.step('everybody is told, and goes there', () => told(phone))
    await t.step('somebody is ticked, and the other screen counts it', () => ticks(page, phone))
    await t.step('without a network ticks wait, and then are sent', () => away(t, other, phone, page))
    await t.step('a slip is taken back', () => slip(phone))
    await t.step('the list prints', () => prints(page))
    await t.step('it is closed, and the record stays', () => closes(t, page))
    await t.step('the record in both languages', () =>
      seen(t, page, 'muster', () => page.locator('.muster li').first().waitFor()),
    )
  })
}

const count = (page, state) =>
  page
    .getByTestId('muster-' + state)
    .locator('b')
    .textContent()
    .then(Number)

const row = (page, n) => page.locator('.muster li').nth(n)
const counts = (page, state, n) =>
  page.waitForFunction(
    ([s, want]) => Number(document.querySelector(`[data-testid=muster-${s}] b`)?.textContent) === want,
    [state, n],
  )

async function starts(page) {
  await page.getByTestId('muster-drill').check()
  await page.getByLabel('Where people gather').fill('Sports field')
  const hold = page.getByTestId('muster-start')
  await hold.focus()
  await page.keyboard.down('Enter')
  await page.waitForURL(/\/musters\/mus_/)
  await page.keyboard.up('Enter')
  await page.getByRole('heading', { name: 'DRILL: muster' }).waitFor()
}

async function told(phone) {
  await phone.reload()
  await phone.getByTestId('muster-banner').getByRole('link').click()
  await phone.locator('.muster li').first().waitFor()
}

async function ticks(page, phone) {
  const [safe, missing] = [await count(page, 'safe'), await count(page, 'missing')]
  await row(phone, 0).getByRole('button', { name: 'Here', exact: true }).click()
  await counts(page, 'safe', safe + 1)
  await row(page, 1).getByRole('button', { name: 'Missing' }).click()
  await counts(phone, 'missing', missing + 1)
}

async function away(t, other, phone, page) {
  const safe = await count(page, 'safe')
  t.quiet = true
  await other.setOffline(true)
  await row(phone, 2).getByRole('button', { name: 'Here', exact: true }).click()
  await row(phone, 3).getByRole('button', { name: 'Here', exact: true }).click()
  await phone.getByTestId('muster-ticks').filter({ hasText: '2 ticks wait' }).waitFor()
  await settled(phone)
  await t.shot(phone, 'muster-offline-390')
  await other.setOffline(false)
  await phone.getByTestId('muster-ticks').filter({ hasText: 'Everything is sent' }).waitFor()
  t.quiet = false
  await counts(page, 'safe', safe + 2)
}

async function slip(phone) {
  const safe = await count(phone, 'safe')
  await phone.getByTestId('muster-waiting').click()
  const first = row(phone, 0)
  const who = await first.getAttribute('data-person')
  await first.getByRole('button', { name: 'Here', exact: true }).click()
  await counts(phone, 'safe', safe + 1)
  await phone.getByTestId('muster-waiting').click()
  await phone.getByTestId('muster-safe').click()
  await phone
    .locator(`.muster li[data-person="${who}"]`)
    .getByRole('button', { name: 'Here', exact: true })
    .click()
  await counts(phone, 'safe', safe)
  await phone.getByTestId('muster-safe').click()
}

async function prints(page) {
  await page.evaluate(() => (window.print = () => (document.title = 'printed')))
  await page.getByTestId('muster-print').click()
  await page.waitForFunction(() => document.title === 'printed')
  const lines = await page.locator('[data-testid=muster-paper] li').count()
  if (lines < 5) throw new Error(`${lines} lines on paper`)
}

async function closes(t, page) {
  await page.getByTestId('muster-close').click()
  await page.getByTestId('muster-still-open').waitFor()
  await page.getByLabel('What is to be remembered').fill('The door of the laboratory jammed.')
  await page.locator('[role=dialog] button[type=submit]').click()
  await page.getByRole('region', { name: 'Record' }).getByText('The door of the laboratory jammed.').waitFor()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { GATEHOUSE_URL, GATEHOUSE_USER, GATEHOUSE_PASSWORD, GATEHOUSE_SHOTS } = process.env
  const server = GATEHOUSE_URL ? undefined : mock()
  if (server) await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const ok = await run({
    url: GATEHOUSE_URL ?? `http://127.0.0.1:${server.address().port}`,
    user: GATEHOUSE_USER ?? 'admin',
    password: GATEHOUSE_PASSWORD ?? 'demo-password-1',
    shots: GATEHOUSE_SHOTS,
  })
  process.exit(ok ? 0 : 1)
}
