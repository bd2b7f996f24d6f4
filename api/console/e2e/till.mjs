// Goes through a canteen's lunch at a till's page in a real browser: sign-in, a child with an allergy,
// a second try, staff who serve anyway, a network that goes away, and the console's figures of it
// (gateway/e2e/till_test.go makes the school):
//
//   GATEHOUSE_URL=… GATEHOUSE_TILL=http://127.0.0.1:8082/till/ GATEHOUSE_TILL_SECRET=… node e2e/till.mjs

import { fileURLToPath } from 'node:url'
import { seen, signIn, sizes, trial } from './trial.mjs'

export function run({ url, user, password, till, secret, shots }) {
  return trial({ url, shots }, async (t, page) => {
    const tablet = await (await page.context().browser().newContext({ locale: 'en-GB' })).newPage()
    t.watch(tablet)
    await t.step('a wrong secret is refused', () => wrongSecret(t, tablet, till), { needed: true })
    await t.step('the till signs in', () => till1(tablet, secret), { needed: true })
    await t.step('a child eats, and what it must not eat is shown', () => eats(t, tablet))
    await t.step('a second time is refused, and staff serve anyway', () => again(t, tablet))
    await t.step('a guest without a card', () => guest(tablet))
    await t.step('without a network it goes on serving', () => outage(t, tablet))
    await t.step('also after the page was opened anew', () => reopened(t, tablet))
    await t.step('another till serves the same child meanwhile', () => elsewhere(till, secret))
    await t.step('with the network it tells what it gave', () => back(t, tablet))
    await t.step('both languages and widths', () => looks(t, tablet))
    await t.step('the console counts it', () => counted(t, page, user, password))
  })
}

const card = (page, kind) => page.locator('#card.' + kind)
const says = (page, id, text) => page.locator('#' + id, { hasText: text }).waitFor()

/** A reader types the number wherever the focus is, and Enter. */
async function show(page, number) {
  await page.keyboard.type(number)
  await page.keyboard.press('Enter')
}

async function wrongSecret(t, page, till) {
  await page.goto(till)
  t.quiet = true
  await page.getByLabel('Serial number').fill('till-1')
  await page.getByLabel('Secret').fill('not-the-secret-of-it')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await says(page, 'signin_error', 'wrong')
  t.quiet = false
}

async function till1(page, secret) {
  await page.getByLabel('Secret').fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await says(page, 'verdict', 'Hold the card')
  await says(page, 'link', 'Connected')
}

async function eats(t, page) {
  await show(page, '0004711')
  await card(page, 'yes').waitFor()
  await says(page, 'name', '李明')
  await says(page, 'class', '7-2')
  await says(page, 'note', '不能吃花生')
  await t.shot(page, 'till-yes')
  await t.inspect(page, 'a till that says yes')
}

async function again(t, page) {
  await show(page, '0004711')
  await card(page, 'no').waitFor()
  await says(page, 'why', 'Had this meal at')
  await t.shot(page, 'till-no')
  await t.inspect(page, 'a till that says no')
  await page.getByRole('button', { name: 'Serve anyway' }).click()
  await page.getByRole('button', { name: 'Still hungry' }).click()
  await card(page, 'yes').waitFor()
  await says(page, 'verdict', 'Served by staff')
}

async function guest(page) {
  await show(page, '9999999')
  await says(page, 'why', 'Nobody is known')
  await page.getByRole('button', { name: 'Serve anyway' }).click()
  await page.getByLabel('Another reason').fill('Guest of the head')
  await page.getByRole('button', { name: 'Serve with this reason' }).click()
  await card(page, 'yes').waitFor()
}

async function outage(t, page) {
  t.quiet = true
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true))
  await page.context().setOffline(true)
  await show(page, '0004712')
  await card(page, 'alone').waitFor()
  await says(page, 'note', 'Allergies cannot be shown')
  await says(page, 'waiting', 'Waiting to be told: 1')
  await show(page, '0004712')
  await card(page, 'no').waitFor()
  await says(page, 'why', 'Served at this till already')
  await t.shot(page, 'till-offline')
}

async function reopened(t, page) {
  await page.reload()
  await says(page, 'verdict', 'Hold the card')
  await says(page, 'link', 'No connection')
  await says(page, 'waiting', 'Waiting to be told: 1')
  await show(page, '0004712')
  await says(page, 'why', 'Served at this till already')
}

/** The second till, as a vendor's program speaks. */
async function elsewhere(till, secret) {
  const r = await fetch(new URL('../v1/ask', till), {
    method: 'POST',
    headers: {
      Authorization: 'Basic ' + btoa('till-2:' + secret),
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ sequence: 1, method: 'card', credential: '0004712' }),
  })
  const got = await r.json()
  if (!got.answered || !got.allow || got.serving.name !== 'Zhao Xiaohua')
    throw new Error('the second till was told ' + JSON.stringify(got))
}

async function back(t, page) {
  await page.context().setOffline(false)
  await page.locator('#waiting').waitFor({ state: 'hidden' })
  await says(page, 'lost', 'Second meals among those told: 1')
  await says(page, 'link', 'Connected')
  t.quiet = false
}

async function looks(t, page) {
  for (const lang of ['zh', 'en']) {
    await page.locator('#language').click()
    for (const [width, size] of Object.entries(sizes)) {
      await page.setViewportSize(size)
      await t.shot(page, `till-${width}-${lang}`)
      await t.inspect(page, `the till at ${width} px in ${lang}`)
    }
  }
}

async function counted(t, page, user, password) {
  await signIn(page, '/meals', user, password)
  const figures = page.locator('[data-testid=meal-figures]')
  await figures.getByText('2 have eaten · 2 second meals · 2 served by staff anyway').waitFor()
  await page.getByText('Still hungry').waitFor()
  await page.getByText('Guest of the head').waitFor()
  await page.getByText('Everybody has eaten.').waitFor()
  await page.getByRole('button', { name: 'Show the list' }).click()
  await page.getByText('不能吃花生').waitFor()
  await seen(t, page, 'meals', () => page.locator('[data-testid=meal-figures]').waitFor())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const env = process.env
  const ok = await run({
    url: env.GATEHOUSE_URL,
    user: env.GATEHOUSE_USER,
    password: env.GATEHOUSE_PASSWORD,
    till: env.GATEHOUSE_TILL,
    secret: env.GATEHOUSE_TILL_SECRET,
    shots: env.GATEHOUSE_SHOTS,
  })
  process.exit(ok ? 0 : 1)
}
