// Goes through an office's setting up of a term in a real browser: the calendar, the usual day, the
// timetable from a workbook, a day that changes, and an early dismissal
// (gateway/e2e/timetable_test.go makes the school and the workbooks):
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_TERM=term.xlsx GATEHOUSE_BAD=bad.xlsx … node e2e/timetable.mjs

import { fileURLToPath } from 'node:url'
import { seen, settled, signIn, trial } from './trial.mjs'

const day = 24 * 3600e3
const date = (t) => new Date(t).toISOString().slice(0, 10)

/** Monday of the week after the next: none of its sessions has begun. */
const monday = (() => {
  const at = Date.now() + 7 * day
  return at - ((new Date(at).getUTCDay() + 6) % 7) * day
})()

export function run({ url, user, password, term, bad, shots }) {
  return trial({ url, shots }, async (t, page) => {
    await t.step('sign in', () => signIn(page, '/settings/timetable', user, password), { needed: true })
    await t.step('an empty timetable says where to begin', () => empty(t, page))
    await t.step('a term and a day off in the calendar', () => calendar(page))
    await t.step('the usual day', () => usualDay(t, page))
    await t.step('a workbook with a mistake says where', () => mistake(t, page, bad))
    await t.step('the term from a workbook', () => readTerm(t, page, term))
    await t.step('the week has it, but for the day off', () => week(page))
    await t.step('a lesson is cancelled for a day, and taken back', () => cancelled(t, page))
    await t.step('an early dismissal', () => early(page))
    await t.step('the sessions are made', () => made(page))
    await t.step('both languages and widths', () =>
      seen(t, page, 'timetable', () => page.locator('.timetable').waitFor()),
    )
  })
}

const dialog = (page) => page.locator('[role=dialog]')
const cell = (page, name) => page.locator('.timetable-lesson', { hasText: name })
const closed = (page) => dialog(page).waitFor({ state: 'detached' })

async function save(page) {
  await dialog(page).locator('button[type=submit]').click()
  await closed(page)
}

async function empty(t, page) {
  await page.getByText('Nothing in this week').waitFor()
  await page.getByText('No day template yet').waitFor()
  await settled(page)
  await t.shot(page, 'timetable-empty')
  await t.inspect(page, 'an empty timetable')
}

async function calendar(page) {
  const add = async (kind, name, from, to) => {
    await page.goto('/settings/calendar')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    if (kind) {
      await dialog(page)
        .getByRole('combobox', { name: 'Kind' })
        .or(dialog(page).getByRole('textbox', { name: 'Kind' }))
        .first()
        .click()
      await page.getByRole('option', { name: kind }).first().click()
    }
    await dialog(page).getByLabel('Name', { exact: false }).first().fill(name)
    await dialog(page).getByLabel('From').fill(from)
    await dialog(page).getByLabel('To').fill(to)
    await save(page)
  }
  await add('Term', 'Term', date(Date.now() - 30 * day), date(Date.now() + 100 * day))
  await add('', 'Sports day', date(monday + 2 * day), date(monday + 2 * day))
}

async function usualDay(t, page) {
  await page.goto('/settings/timetable?date=' + date(monday))
  await page.getByRole('button', { name: 'Add a template' }).click()
  await settled(page)
  await t.shot(page, 'timetable-usual')
  await t.inspect(page, 'the usual day')
  await save(page)
  await page.getByText('1 08:00–08:40').waitFor()
}

async function choose(page, file) {
  await page.locator('input[type=file]').setInputFiles(file)
  await dialog(page).getByTestId('plan').waitFor()
  await settled(page)
}

async function mistake(t, page, file) {
  await choose(page, file)
  await dialog(page).getByText('Line 3:').waitFor()
  await dialog(page).getByText('no day template has the period "9"').waitFor()
  if (await dialog(page).locator('button[type=submit]').isEnabled())
    throw new Error('a file with an error can be kept')
  await t.shot(page, 'timetable-mistake')
  await t.inspect(page, 'a workbook with a mistake')
  await page.keyboard.press('Escape')
  await closed(page)
}

async function readTerm(t, page, file) {
  await choose(page, file)
  await dialog(page).getByText('8 lessons, 2 classes: 8 new').waitFor()
  await t.shot(page, 'timetable-import')
  await t.inspect(page, 'a workbook of a term')
  await save(page)
  await choose(page, file)
  await dialog(page).getByText('0 new, 0 changed, 8 kept').waitFor()
  await page.keyboard.press('Escape')
  await closed(page)
}

async function week(page) {
  await page.goto(`/settings/timetable?class=7-1&date=${date(monday)}`)
  await cell(page, '数学').first().waitFor()
  const n = await page.locator('.timetable-lesson').count()
  if (n !== 3) throw new Error(`${n} lessons of 7-1, want 3: the day off has none`)
  await page.locator('.timetable th', { hasText: 'Sports day' }).waitFor()
}

async function cancelled(t, page) {
  await cell(page, '数学').first().getByRole('button', { name: '数学' }).click()
  await settled(page)
  await t.shot(page, 'timetable-change')
  await t.inspect(page, 'a change of a day')
  await dialog(page).getByRole('button', { name: 'Cancel it' }).click()
  await closed(page)
  await page.locator('.timetable-changes li', { hasText: 'cancelled' }).waitFor()
  await page.getByRole('button', { name: 'Take back' }).click()
  await dialog(page).getByRole('button', { name: 'Take back' }).click()
  await closed(page)
  await page.locator('.timetable-changes').waitFor({ state: 'detached' })
  await cell(page, '数学').first().waitFor()
}

async function early(page) {
  await page.getByRole('button', { name: 'Add a template' }).click()
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Early')
  await dialog(page).getByLabel('Minutes later').fill('-30')
  await save(page)
  await page.getByRole('button', { name: 'Put on days' }).click()
  await dialog(page).getByLabel('From').fill(date(monday))
  await save(page)
  await page.locator('.timetable', { hasText: '07:30' }).waitFor() // in its row, or at its lesson
}

async function made(page) {
  await page.goto('/settings/sessions?date=' + date(monday))
  await page.getByText('数学').first().waitFor()
  await page.goto(`/settings/timetable?class=7-1&date=${date(monday)}`)
  await page.locator('.timetable').waitFor()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const env = process.env
  const ok = await run({
    url: env.GATEHOUSE_URL,
    user: env.GATEHOUSE_USER,
    password: env.GATEHOUSE_PASSWORD,
    term: env.GATEHOUSE_TERM,
    bad: env.GATEHOUSE_BAD,
    shots: env.GATEHOUSE_SHOTS,
  })
  process.exit(ok ? 0 : 1)
}
