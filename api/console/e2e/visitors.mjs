// Goes through a visitor's day in a real browser: the office switches the public page on, a visitor
// registers on a telephone, the guard approves and lets in, the visitor checks out; somebody is barred,
// and registers without noticing (gateway/e2e/visitors_test.go makes the school):
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_USER=principal GATEHOUSE_PASSWORD=… node e2e/visitors.mjs

import { fileURLToPath } from 'node:url'
import { seen, settled, signIn, sizes, trial } from './trial.mjs'

export function run({ url, user, password, shots }) {
  return trial({ url, shots }, async (t, page) => {
    const phone = await page.context().browser().newContext({
      baseURL: url,
      locale: 'zh-CN',
      viewport: sizes[390],
      timezoneId: 'America/Santiago', // not the school's
    })
    const visitor = await phone.newPage()
    t.watch(visitor)
    let link = ''
    await t.step('sign in', () => signIn(page, '/visits?tab=public', user, password), { needed: true })
    await t.step('the office switches the public page on', async () => (link = await switchOn(page)), {
      needed: true,
    })
    await t.step('a visitor registers on a telephone', () =>
      registers(t, visitor, link, '周强', '13800000000'),
    )
    await t.step('the guard approves', () => deed(page, '周强', 'Approve'))
    await t.step('the visitor has a code', () => hasCode(t, visitor))
    await t.step('the guard lets them in', () => deed(page, '周强', 'Has arrived'))
    await t.step('the visitor checks out', () => leaves(t, visitor))
    await t.step('somebody is barred', () => bar(page))
    await t.step('who is barred reads what everybody reads', () =>
      registers(t, visitor, link, '吴刚', '+86 139 1111 2222'),
    )
    await t.step('the guard sees it, and cannot approve', () => held(page))
    await t.step('somebody walks in', () => walksIn(page))
    await t.step('both languages and widths', () =>
      seen(t, page, 'visitors', () => page.locator('.rows-wrap').waitFor()),
    )
    await t.step('the barred list in both languages', async () => {
      await page.goto('/visits?tab=barred')
      await seen(t, page, 'barred', () => page.getByText('吴刚').waitFor())
    })
    await t.step('the public page’s settings in both languages', async () => {
      await page.goto('/visits?tab=public')
      await seen(t, page, 'visit-page', () => page.locator('.copyable').waitFor())
    })
  })
}

const dialog = (page) => page.locator('[role=dialog]')
const row = (page, name) => page.locator('tr, .row, li', { hasText: name }).first()

async function save(page) {
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
}

async function switchOn(page) {
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await dialog(page).getByLabel('Visitors can register themselves').check()
  await dialog(page).getByLabel('Your own words').fill('Questions: office@school.example')
  await save(page)
  const link = await page.locator('.copyable pre').textContent()
  return new URL(link.trim()).pathname
}

async function both(t, page, name) {
  for (const lang of ['en', 'zh']) {
    await page.goto(page.url().replace(/\?.*/, '') + '?l=' + lang)
    await settled(page)
    await page.screenshot({ path: `${t.shots}/${name}-390-${lang}.png`, fullPage: true })
    await t.inspect(page, `${name} in ${lang}`)
  }
}

async function registers(t, page, link, name, number) {
  await page.goto(link)
  if (await page.locator('script').count()) throw new Error('the page runs a program')
  await both(t, page, 'visit-form')
  await page.locator('[name=name]').fill(name)
  await page.locator('[name=phone]').fill(number)
  await page.locator('[name=host]').fill('陈静')
  await page.locator('[name=purpose]').fill('家长会')
  await page.locator('[name=names]').fill('李娜')
  await page.locator('[name=from]').fill('23:00')
  await page.locator('[name=to]').fill('22:00')
  await page.locator('[name=consent]').check()
  t.quiet = true
  await page.locator('button').click()
  await page.getByRole('alert').waitFor() // it ends before it begins
  t.quiet = false
  await settled(page)
  await page.screenshot({ path: `${t.shots}/visit-wrong-390-zh.png`, fullPage: true })
  await page.locator('[name=from]').fill('00:00')
  await page.locator('[name=to]').fill('00:00')
  await page.locator('button').click()
  await page.getByText('等待确认').waitFor()
  await both(t, page, 'visit-asked')
}

async function deed(page, name, what) {
  await page.goto('/visits')
  await row(page, name).getByRole('button', { name: what, exact: true }).click()
  await row(page, name).getByRole('button', { name: what, exact: true }).waitFor({ state: 'detached' })
}

async function hasCode(t, page) {
  await page.reload()
  await page.locator('.code img').nth(1).waitFor() // one for each of the two
  await both(t, page, 'visit-code')
}

async function leaves(t, page) {
  await page.reload()
  await page.getByRole('button', { name: '我已离校' }).click()
  await page.getByText('您已离校').waitFor()
  await both(t, page, 'visit-gone')
}

async function bar(page) {
  await page.goto('/visits?tab=barred')
  await page.getByRole('button', { name: 'Bar somebody' }).click()
  await dialog(page).getByLabel('Visitor').fill('吴刚')
  await dialog(page).getByLabel('Telephone').fill('139-1111-2222')
  await dialog(page).getByLabel('Why').fill('威胁教师')
  await save(page)
  await page.getByText('威胁教师').waitFor()
}

async function held(page) {
  await page.goto('/visits')
  await row(page, '吴刚').getByText('on the barred list').waitFor()
  if (await row(page, '吴刚').getByRole('button', { name: 'Approve' }).count())
    throw new Error('it can be approved')
}

async function walksIn(page) {
  await page.getByRole('button', { name: 'Register a visit' }).click()
  await dialog(page).getByLabel('Visitor').fill('Li Na')
  await dialog(page).getByLabel('Visits').fill('Chen Jing')
  await dialog(page).getByLabel('Purpose').fill('Delivers books')
  await dialog(page).getByLabel('They are at the gate now').check()
  await save(page)
  await row(page, 'Li Na').getByRole('button', { name: 'Has left' }).waitFor()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const env = process.env
  const ok = await run({
    url: env.GATEHOUSE_URL,
    user: env.GATEHOUSE_USER,
    password: env.GATEHOUSE_PASSWORD,
    shots: env.GATEHOUSE_SHOTS,
  })
  process.exit(ok ? 0 : 1)
}
