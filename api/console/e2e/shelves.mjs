// Goes through maintenance and shelves in a real browser: a manager makes a window for a device by
// hand, what it reports of itself stays off the wall and a fire rings, the window ends and what still
// holds is told; a guard shelves a card by key, takes it back, and shelves and undoes what is selected.
//
//   GATEHOUSE_URL=… GATEHOUSE_MANAGER=… GATEHOUSE_GUARD=… GATEHOUSE_PASSWORD=… GATEHOUSE_SAYS=… \
//   node e2e/shelves.mjs
//
// GATEHOUSE_SAYS is where a detector is made to report: POST ?device=cellar&says={"battery":5}.

import { settled, signIn, trial } from './trial.mjs'

const { GATEHOUSE_URL, GATEHOUSE_MANAGER, GATEHOUSE_GUARD, GATEHOUSE_PASSWORD } = process.env
const { GATEHOUSE_SAYS, GATEHOUSE_SHOTS } = process.env
const dialog = (page) => page.locator('[role=dialog]')
const card = (page, rule) => page.locator(`article[data-rule^="${rule}@"]`)

async function says(device, what) {
  const q = new URLSearchParams({ device, says: JSON.stringify(what) })
  const r = await fetch(`${GATEHOUSE_SAYS}/?${q}`, { method: 'POST' })
  if (!r.ok) throw new Error(await r.text())
}

async function signOut(page) {
  await page.locator('button.who').click()
  await page.locator('[role=menuitem]').last().click()
  await page.locator('input[name=username]').waitFor()
}

async function speak(page, lang) {
  await page.locator('[data-testid=language]').click()
  await page.locator(`[role=menuitem][lang=${lang}]`).click()
  await page.waitForFunction(
    (want) => document.documentElement.lang === want && !document.querySelector('[role=menu]'),
    lang,
  )
}

/** Pictures in both languages and two sizes, and the checks of every page. */
async function views(t, page, name) {
  for (const lang of ['zh-CN', 'en']) {
    await page.setViewportSize({ width: 1366, height: 768 })
    await speak(page, lang)
    for (const [width, height] of [
      [390, 844],
      [1366, 768],
    ]) {
      await page.setViewportSize({ width, height })
      await settled(page)
      await t.shot(page, `shelves-${name}-${lang}-${width}`)
      await t.inspect(page, `${name}, ${lang}, ${width} px`)
    }
  }
}

/** The same of what is open and covers the menu with the languages, in the language that is spoken. */
async function sizes(t, page, name) {
  for (const [width, height] of [
    [390, 844],
    [1366, 768],
  ]) {
    await page.setViewportSize({ width, height })
    await settled(page)
    await t.shot(page, `shelves-${name}-${width}`)
    await t.inspect(page, `${name}, ${width} px`)
  }
}

/** The manager plans the work on the cellar's detector, from now on. */
async function window(t, page) {
  await page.goto('/maintenance')
  await page.getByRole('button', { name: 'Maintenance window' }).click()
  await dialog(page).getByLabel('What is done').fill('the detector is cleaned')
  await dialog(page)
    .getByRole('combobox', { name: 'Devices' })
    .or(dialog(page).getByLabel('Devices'))
    .first()
    .click()
  await page.getByRole('option', { name: 'Cellar detector' }).click()
  await page.keyboard.press('Escape')
  await sizes(t, page, 'window')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'hidden' })
  await page.locator('.maintenance li[data-state=active]', { hasText: 'Cellar detector' }).waitFor()
}

/** The battery is flat, and only counted; then it burns, and that is on the wall. */
async function hidden(t, page) {
  await says('cellar', { battery: 5 })
  await page.goto('/')
  await page.locator('[data-testid=hidden-count] [data-hidden=window]').waitFor()
  await says('cellar', { smoke: true })
  await card(page, 'our-fire').waitFor()
  if ((await card(page, 'our-battery').count()) > 0) throw new Error('the battery is on the wall')
  await views(t, page, 'fire-rings')
}

/** What the window hides is listed with the reason, and opens. */
async function listed(t, page) {
  await page.locator('[data-hidden=window]').click()
  const row = page.locator('table.rows tbody tr', { hasText: 'the detector is cleaned' })
  await row.waitFor()
  await views(t, page, 'history')
  await row.click()
  await dialog(page).locator('[data-testid=hidden-by]').waitFor()
  await dialog(page).locator('[data-testid=story] li').first().waitFor()
  await sizes(t, page, 'card')
  await page.keyboard.press('Escape')
}

/** The window ends by hand, and what still holds is told on the other screen without a reload. */
async function ends(t, page, other) {
  await page.goto('/maintenance')
  await views(t, page, 'windows')
  await page.getByRole('button', { name: 'End now' }).click()
  await dialog(page).locator('button[type=submit]').click()
  await card(other, 'our-battery').waitFor()
  await page.locator('.maintenance li[data-state=active]').waitFor({ state: 'hidden' })
}

/** The guard shelves the battery by the key s, and puts it back. */
async function byKey(t, page) {
  await card(page, 'our-battery').focus()
  await page.keyboard.press('s')
  await dialog(page).getByLabel('Why it may leave the wall').fill('a new battery is ordered')
  await sizes(t, page, 'shelve')
  await dialog(page).locator('button[type=submit]').click()
  await card(page, 'our-battery').and(page.locator(':not([data-gone])')).waitFor({ state: 'detached' })
  await page.locator('[data-hidden=shelf]').waitFor()
  await page.locator('[data-testid=undo]').click()
  await card(page, 'our-battery').and(page.locator(':not([data-gone])')).waitFor()
}

/** Two are shelved at once; one is taken back from the history. */
async function many(t, page) {
  await says('laboratory', { battery: 4 })
  await page.goto('/wall?group=none')
  await card(page, 'our-battery').nth(1).waitFor()
  for (const n of [0, 1]) await card(page, 'our-battery').nth(n).locator('input[type=checkbox]').check()
  await page.locator('[data-testid=shelve-selected]').click()
  await dialog(page).getByLabel('Why it may leave the wall').fill('batteries are ordered')
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('[data-hidden=shelf]', { hasText: '2' }).waitFor()
  await views(t, page, 'shelved')
  await page.locator('[data-hidden=shelf]').click()
  await page.locator('table.rows tbody tr').first().click()
  await dialog(page).locator('[data-testid=unshelve]').click()
  await dialog(page).locator('[data-testid=unshelve]').waitFor({ state: 'hidden' })
  await page.goto('/wall?group=none')
  await card(page, 'our-battery').waitFor()
  // both on shelves again, taken back at once, and that undone
  await card(page, 'our-battery').locator('input[type=checkbox]').check()
  await page.locator('[data-testid=shelve-selected]').click()
  await dialog(page).getByLabel('Why it may leave the wall').fill('batteries come on Friday')
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('[data-hidden=shelf]', { hasText: '2' }).click()
  const shelved = page.locator('table.rows tbody tr')
  await shelved.nth(1).waitFor()
  await page.locator('[data-testid=unshelve-bar] input[type=checkbox]').check()
  await views(t, page, 'unshelve')
  await page.locator('[data-testid=unshelve-selected]').click()
  await shelved.first().waitFor({ state: 'detached' })
  await page.locator('[data-testid=undo]').click()
  await shelved.nth(1).waitFor()
}

/** What is critical is not for the guard to shelve. */
async function critical(t, page) {
  if ((await card(page, 'our-fire').locator('[data-testid=shelve]').count()) > 0)
    throw new Error('the guard may shelve a fire')
}

const ok = await trial({ url: GATEHOUSE_URL, shots: GATEHOUSE_SHOTS }, async (t, page) => {
  const guard = await page
    .context()
    .browser()
    .newContext({
      baseURL: GATEHOUSE_URL,
      locale: 'en-GB',
      viewport: { width: 1366, height: 768 },
      reducedMotion: 'reduce',
    })
  const other = await guard.newPage()
  t.watch(other)
  await t.step(
    'a manager and a guard sign in',
    async () => {
      await signIn(page, '/', GATEHOUSE_MANAGER, GATEHOUSE_PASSWORD)
      await signIn(other, '/', GATEHOUSE_GUARD, GATEHOUSE_PASSWORD)
    },
    { needed: true },
  )
  await t.step('a manager makes a window for a device', () => window(t, page), { needed: true })
  await t.step('its battery stays hidden, a fire rings', () => hidden(t, page), { needed: true })
  await t.step('what is hidden is listed with the reason', () => listed(t, page))
  await t.step('the window ends, and what still holds is told to all screens', () => ends(t, page, other))
  await t.step('a guard shelves a card by key and undoes it', () => byKey(t, other))
  await t.step('a guard does not shelve a fire', () => critical(t, other))
  await t.step('many are shelved, one is taken back', () => many(t, other))
  await signOut(page)
})
process.exit(ok ? 0 : 1)
