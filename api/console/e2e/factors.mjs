// Goes through second factors in a real browser: an authenticator app and a passkey are enrolled and
// signed in with, recovery codes when they are lost, a school that asks a second factor of a role, a
// copied passkey, signing in again over the page, and an address at which passkeys cannot work.
//
//   GATEHOUSE_URL=http://localhost:8080 GATEHOUSE_USER=admin GATEHOUSE_PASSWORD=… node e2e/factors.mjs
//
// The gateway's http.base_url must be that address, and GATEHOUSE_GUARD with GATEHOUSE_GUARD_PASSWORD
// somebody of the role security. The security key is Chromium's virtual one.

import { createHmac } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { settled, trial } from './trial.mjs'

const period = 30

export function run({ url, user, password, guard, guardPassword, shots }) {
  return trial({ url, shots }, async (t, page) => {
    const key = await securityKey(page)
    const me = { user, password, codes: [] }
    await t.step('signing in with the password alone', () => begin(page, me, true), { needed: true })
    await t.step('an authenticator app is added', () => addApp(t, page, me), { needed: true })
    await t.step('a wrong code is refused, in Chinese as well; the right one signs in', () =>
      codeSignsIn(t, page, me),
    )
    await t.step('a passkey is added', () => addPasskey(t, page, me, 'Blue key'), { needed: true })
    await t.step('the same key makes no second one', () => addTwice(t, page, me))
    await t.step('the passkey signs in', () => passkeySignsIn(t, page, me))
    await t.step('signing in again over the page', () => again(t, page, me))
    await t.step('a lost passkey: a recovery code signs in, once', () => lostPasskey(t, page, key, me))
    await t.step('a copied passkey is told and signs nobody in', () => copied(t, page, key, me))
    await t.step('a passkey is removed', () => remove(t, page, me))
    await t.step('the school asks it of a role, which makes a passkey at sign-in', () =>
      askedOfRole(t, page, key, me, guard, guardPassword),
    )
    await t.step('an administrator resets what was lost', () => reset(t, page, me, guard, guardPassword))
    await t.step('by an IP address passkeys are said not to work', () =>
      elsewhere(t, page, url, guard, guardPassword),
    )
  })
}

/** A security key with a PIN that is touched at once. */
async function securityKey(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2',
    transport: 'usb',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  }
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options })
  const send = (method, more = {}) => cdp.send('WebAuthn.' + method, { authenticatorId, ...more })
  return {
    all: async () => (await send('getCredentials')).credentials,
    forget: () => send('clearCredentials'),
    put: (credential) => send('addCredential', { credential }),
  }
}

/** RFC 6238 with SHA-1, as authenticator apps do it. */
function totp(secret, step) {
  const bits = [...secret.replace(/\s/g, '')]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('')
  const raw = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(step))
  const h = createHmac('sha1', raw).update(count).digest()
  return String((h.readUInt32BE(h[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const now = () => Math.floor(Date.now() / 1000 / period)
const dialog = (page) => page.locator('[role=dialog]')
const signedIn = (page) => page.locator('.stream[data-state=live]').waitFor()

async function begin(page, who, whole = false) {
  await page.goto('/')
  await page.locator('input[name=username]').fill(who.user)
  await page.locator('input[name=password]').fill(who.password)
  await page.locator('button[type=submit]').click()
  if (whole) await signedIn(page)
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

/** Pictures in both languages, on a telephone and on a small computer, and the checks of every page. */
async function views(t, page, name) {
  for (const lang of ['zh-CN', 'en']) {
    await speak(page, lang)
    for (const [width, height] of [
      [390, 844],
      [1366, 768],
    ]) {
      await page.setViewportSize({ width, height })
      await settled(page)
      await t.shot(page, `factors-${name}-${lang}-${width}`)
      await t.inspect(page, `${name}, ${lang}, ${width} px`)
    }
  }
}

/** The same of a dialog, which covers the menu with the languages. */
async function sizes(t, page, name) {
  for (const [width, height] of [
    [390, 844],
    [1366, 768],
  ]) {
    await page.setViewportSize({ width, height })
    await settled(page)
    await t.shot(page, `factors-${name}-${width}`)
    await t.inspect(page, `${name}, ${width} px`)
  }
}

async function keepCodes(page, who) {
  await page
    .getByText(/[a-z2-7]{4}(-[a-z2-7]{4}){3}/)
    .first()
    .waitFor()
  who.codes = (await page.locator('body').innerText()).match(/[a-z2-7]{4}(-[a-z2-7]{4}){3}/g) ?? []
  if (who.codes.length !== 10) throw new Error(`got ${who.codes.length} recovery codes`)
  await page.getByRole('button', { name: 'I have kept them' }).click()
}

async function addApp(t, page, me) {
  await page.goto('/security')
  await page.getByText('No second factor').waitFor()
  await views(t, page, 'none')
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  await dialog(page).locator('input[type=password]').fill('not the password')
  t.quiet = true
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).getByText('The password is wrong.').waitFor()
  t.quiet = false
  await dialog(page).locator('input[type=password]').fill(me.password)
  await dialog(page).locator('button[type=submit]').click()
  const secret = dialog(page).getByRole('region', { name: 'Secret for the authenticator app' })
  await secret.waitFor()
  me.secret = (await secret.innerText()).match(/[A-Z2-7]{4}( [A-Z2-7]{1,4})+/)[0]
  await sizes(t, page, 'app')
  me.step = now() - 1 // the next ones are for the sign-ins
  await page.locator('input[name=code]').fill(totp(me.secret, me.step))
  await dialog(page).locator('button[type=submit]').click()
  await keepCodes(page, me)
  await page.locator('td', { hasText: 'Authenticator app' }).first().waitFor()
}

async function code(page, me) {
  me.step = Math.max(me.step + 1, now() - 1)
  await page.locator('input[name=code]').fill(totp(me.secret, me.step))
  await page.locator('button[type=submit]').click()
  await signedIn(page)
}

async function codeSignsIn(t, page, me) {
  await signOut(page)
  await speak(page, 'zh-CN')
  await begin(page, me)
  const field = page.locator('input[name=code]')
  await field.fill('000000')
  t.quiet = true
  await page.locator('button[type=submit]').click()
  await page.getByText('验证码不正确或已使用过').waitFor()
  t.quiet = false
  await views(t, page, 'code')
  await code(page, me)
}

async function addPasskey(t, page, me, name) {
  await page.goto('/security')
  await page.locator('[data-testid=add-passkey]').click()
  await dialog(page).getByLabel('Name', { exact: false }).fill(name)
  await sizes(t, page, 'passkey')
  await dialog(page).locator('input[type=password]').fill(me.password)
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('td', { hasText: name }).first().waitFor()
  await dialog(page).waitFor({ state: 'detached' })
  await views(t, page, 'list')
}

async function addTwice(t, page, me) {
  await page.locator('[data-testid=add-passkey]').click()
  await dialog(page).locator('input[type=password]').fill(me.password)
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).getByText('has a passkey for your account already').waitFor()
  await sizes(t, page, 'twice')
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
}

async function passkeySignsIn(t, page, me) {
  await signOut(page)
  await begin(page, me)
  await page.locator('[data-testid=use-passkey]').waitFor()
  await views(t, page, 'step')
  await page.locator('[data-testid=use-passkey]').click()
  await signedIn(page)
}

async function again(t, page, me) {
  await page.goto('/security')
  await page.getByRole('button', { name: 'New recovery codes' }).waitFor()
  t.quiet = true
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'New recovery codes' }).click()
  await dialog(page).locator('input[type=password]').fill(me.password)
  await dialog(page).locator('button[type=submit]').click()
  const over = page.locator('[data-testid=signinagain]')
  await over.locator('input[name=password]').fill(me.password)
  await over.locator('button[type=submit]').click()
  await over.locator('[data-testid=use-passkey]').waitFor()
  await sizes(t, page, 'again')
  await over.locator('[data-testid=use-passkey]').click()
  await over.waitFor({ state: 'detached' })
  t.quiet = false
  await dialog(page).locator('button[type=submit]').click()
  await keepCodes(page, me)
}

async function lostPasskey(t, page, key, me) {
  me.kept = await key.all()
  await key.forget()
  await signOut(page)
  await begin(page, me)
  await page.locator('[data-testid=use-passkey]').click()
  await page.getByText('No passkey was shown').waitFor({ timeout: 60_000 })
  await views(t, page, 'lost')
  await page.locator('input[name=code]').fill(me.codes[0].toUpperCase().replaceAll('-', ' '))
  await page.locator('button[type=submit]').click()
  await signedIn(page)
  await signOut(page)
  await begin(page, me)
  t.quiet = true
  await page.locator('input[name=code]').fill(me.codes[0])
  await page.locator('button[type=submit]').click()
  await page.getByText('The code does not fit, or was used already').waitFor()
  t.quiet = false
  await page.locator('input[name=code]').fill(me.codes[1])
  await page.locator('button[type=submit]').click()
  await signedIn(page)
}

async function copied(t, page, key, me) {
  for (const c of me.kept) await key.put({ ...c, signCount: 0 })
  await signOut(page)
  await begin(page, me)
  t.quiet = true
  await page.locator('[data-testid=use-passkey]').click()
  await page.getByText('The counter of this passkey went back').waitFor()
  t.quiet = false
  await views(t, page, 'copied')
  await page.locator('input[name=code]').fill(me.codes[2])
  await page.locator('button[type=submit]').click()
  await signedIn(page)
  await page.goto('/security')
  await page.locator('.tag[data-tone=red]', { hasText: 'copied' }).waitFor()
  await views(t, page, 'copied-list')
}

async function remove(t, page, me) {
  await page.locator('tr', { hasText: 'Blue key' }).getByRole('button', { name: 'Remove' }).click()
  await dialog(page).locator('input[type=password]').fill(me.password)
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('td', { hasText: 'Blue key' }).waitFor({ state: 'detached' })
  await page.goto('/settings/audit?deed=factor')
  for (const deed of ['factor.add', 'factor.use', 'factor.copied', 'factor.recover', 'factor.remove'])
    await page.getByText(deed, { exact: true }).first().waitFor()
}

async function askedOfRole(t, page, key, me, user, password) {
  const guard = { user, password, codes: [] }
  await page.goto('/settings/users')
  await page.getByRole('checkbox', { name: 'Security' }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('td .tag', { hasText: 'due at next sign-in' }).first().waitFor()
  await signOut(page)
  await key.forget()
  await begin(page, guard)
  await page.locator('[data-testid=enrol-passkey]').waitFor()
  await views(t, page, 'enrol')
  await page.locator('[data-testid=enrol-passkey]').click()
  await keepCodes(page, guard)
  await signedIn(page)
  await page.goto('/security')
  await page.getByRole('button', { name: 'Remove' }).click()
  await dialog(page).locator('input[type=password]').fill(password)
  t.quiet = true
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).getByText('Your school asks a second factor of your role').waitFor()
  t.quiet = false
  await page.keyboard.press('Escape')
  await signOut(page)
  await begin(page, guard)
  await page.locator('[data-testid=use-passkey]').click()
  await signedIn(page)
  await signOut(page)
}

async function reset(t, page, me, user, password) {
  await begin(page, me)
  await page.locator('input[name=code]').waitFor()
  await code(page, me)
  await page.goto('/settings/users')
  await page.locator('tr', { hasText: user }).getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('button', { name: 'Reset the second factor' }).click()
  await page.getByRole('button', { name: 'Reset the second factor' }).last().click()
  await page.locator('tr', { hasText: user }).locator('.tag', { hasText: 'due at next sign-in' }).waitFor()
  await page.keyboard.press('Escape')
  await page.goto('/security')
  await signOut(page)
  await begin(page, { user, password })
  await page.locator('[data-testid=enrol-totp]').waitFor()
}

async function elsewhere(t, page, url, user, password) {
  const there = new URL(url)
  there.hostname = '127.0.0.1'
  await page.goto(there.href)
  await page.locator('input[name=username]').fill(user)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('[data-testid=passkey-obstacle]').waitFor()
  if ((await page.locator('[data-testid=passkey-obstacle] a').innerText()) !== url.replace(/\/$/, ''))
    throw new Error('it does not lead to where they work')
  await views(t, page, 'elsewhere')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {
    GATEHOUSE_URL: url,
    GATEHOUSE_USER: user,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_GUARD: guard,
    GATEHOUSE_GUARD_PASSWORD: guardPassword,
    GATEHOUSE_SHOTS: shots,
  } = process.env
  if (!url || !user || !password || !guard || !guardPassword) {
    console.error(
      'set GATEHOUSE_URL, GATEHOUSE_USER, GATEHOUSE_PASSWORD, GATEHOUSE_GUARD and GATEHOUSE_GUARD_PASSWORD',
    )
    process.exit(2)
  }
  process.exit((await run({ url, user, password, guard, guardPassword, shots: shots || undefined })) ? 0 : 1)
}
