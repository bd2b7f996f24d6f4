// Goes through an evening of whoever is on duty in a real browser: the duty desk, a pupil's day, what
// needs a person, the figures. Against the mock, or a gateway (gateway/e2e/muster_test.go makes the
// school):
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_USER=principal GATEHOUSE_PUPIL=per_… … node e2e/desk.mjs

import { fileURLToPath } from 'node:url'
import { mock } from '../dev/mock.mjs'
import { seen, settled, signIn, trial } from './trial.mjs'

export function run({ url, user, password, pupil, shots, made }) {
  return trial({ url, shots }, async (t, page) => {
    await t.step('sign in', () => signIn(page, '/desk', user, password), { needed: true })
    await t.step('a figure opens its rows', () => opens(page))
    await t.step('the desk in both languages', () =>
      seen(t, page, 'desk', () => page.locator('.chips').waitFor()),
    )
    await t.step("a pupil's day, and the day before", () => line(t, page, pupil))
    await t.step('the queue', () => queue(page), { needed: true })
    if (made) await t.step('keys go through it, settle and open again', () => keys(page))
    await t.step('the queue in both languages', () =>
      seen(t, page, 'exceptions', () => page.locator('.filters').waitFor()),
    )
    await t.step('the figures, and their workbook', () => figures(page, made))
    await t.step('the figures in both languages', () =>
      seen(t, page, 'figures', () => page.locator('.rows-wrap').waitFor()),
    )
  })
}

async function opens(page) {
  await page.getByTestId('desk-leave_begins').click()
  await page.locator('.rows-wrap').getByText('7-').first().waitFor()
  await page.getByTestId('desk-not_in_dorm').click()
  await page.waitForURL(/list=not_in_dorm/)
}

async function line(t, page, pupil) {
  await page.goto('/people/' + pupil)
  await page.locator('input[required]').fill('the parents ask about it')
  await page.locator('form button[type=submit]').click()
  await page.getByTestId('line-open').click()
  await page.locator('ol.line li').first().waitFor()
  await settled(page)
  const day = page.getByLabel('Day', { exact: true })
  const today = await day.inputValue()
  await page.getByRole('button', { name: 'The day before' }).click()
  await page.waitForFunction((was) => document.querySelector('input[type=date]').value < was, today)
  await page.getByRole('button', { name: 'The day after' }).click()
  await page.locator('ol.line li').first().waitFor()
  await t.inspect(page, "a pupil's day")
}

async function queue(page) {
  await page.goto('/exceptions')
  await page.locator('.exceptions li').or(page.getByText('Nothing waits')).first().waitFor()
}

async function keys(page) {
  const lines = page.locator('.exceptions li')
  const [first, second] = [await lines.nth(0).textContent(), await lines.nth(1).textContent()]
  const many = await lines.count()
  await page.keyboard.press('j')
  await page.locator('.exceptions li[data-here]', { hasText: second.slice(0, 12) }).waitFor()
  await page.keyboard.press('k')
  await page.locator('.exceptions li[data-here]', { hasText: first.slice(0, 12) }).waitFor()
  await page.keyboard.press('e')
  const count = (n) =>
    page.waitForFunction((want) => document.querySelectorAll('.exceptions li').length === want, n)
  await count(many - 1)
  await page.keyboard.press('u')
  await count(many)
}

async function figures(page, made) {
  await page.goto('/figures')
  await page.locator('.rows-wrap tbody tr').first().waitFor()
  if (made) return // the mock makes no workbook
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('figures-xlsx').click()])
  if (!/^figures-.*\.xlsx$/.test(file.suggestedFilename())) throw new Error(file.suggestedFilename())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { GATEHOUSE_URL, GATEHOUSE_USER, GATEHOUSE_PASSWORD, GATEHOUSE_SHOTS, GATEHOUSE_PUPIL } = process.env
  const server = GATEHOUSE_URL ? undefined : mock()
  if (server) await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const ok = await run({
    url: GATEHOUSE_URL ?? `http://127.0.0.1:${server.address().port}`,
    user: GATEHOUSE_USER ?? 'admin',
    password: GATEHOUSE_PASSWORD ?? 'demo-password-1',
    pupil: GATEHOUSE_PUPIL ?? 'per_1',
    shots: GATEHOUSE_SHOTS,
    made: !GATEHOUSE_URL,
  })
  process.exit(ok ? 0 : 1)
}
