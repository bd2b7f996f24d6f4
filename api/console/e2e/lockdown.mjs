// Goes through a lockdown in a real browser, as three people, against a gateway with a door that can
// be locked (gateway/e2e/lockdown_test.go makes one):
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 GATEHOUSE_USER=principal … node e2e/lockdown.mjs

import { fileURLToPath } from 'node:url'
import { seen, settled, signIn, sizes, trial } from './trial.mjs'

const codes = { right: '4711', forced: '1174' }

export function run({ url, user, password, guard, colleague, guardPassword, shots }) {
  return trial({ url, shots }, async (t, page) => {
    const another = async (name) => {
      const context = await page.context().browser().newContext({ baseURL: url, viewport: sizes[1366] })
      const theirs = await context.newPage()
      t.watch(theirs)
      await signIn(theirs, '/lockdown', name, guardPassword)
      return theirs
    }
    let guards, colleagues
    await t.step(
      'three people sign in',
      async () => {
        await signIn(page, '/lockdown', user, password)
        guards = await another(guard)
        colleagues = await another(colleague)
      },
      { needed: true },
    )
    await t.step('the guard has a code, and one for when they are made to', () => setCodes(guards))
    await t.step('what a level will do is read before', () => look(t, page))
    await t.step('it is raised, and everybody sees it', () => raise(t, page, [guards, colleagues]))
    await t.step('the door was told', () => told(page))
    await t.step('who raised it gives no all-clear', () => ownClear(page))
    await t.step('made to, the guard sees it over, alone', () => forced(t, guards, [page, colleagues]))
    await t.step('the others read that they were made to', () => silent(t, guards, colleagues))
    await t.step('a colleague gives it in truth', () => clear(colleagues, '', [page, colleagues]))
    await t.step('a drill is marked as one', () => drill(t, page, guards))
  })
}

const banner = (page) => page.locator('[data-testid=lockdown]')

async function setCodes(page) {
  await page.goto('/lockdown')
  const fields = page.locator('input[type=password]')
  await fields.nth(0).fill(codes.right)
  await fields.nth(1).fill(codes.forced)
  const saved = page.waitForResponse((r) => r.url().endsWith('/v1/me/clear-codes') && r.ok())
  await page.locator('[data-testid=save-codes]').click()
  await saved
}

async function look(t, page) {
  await page.goto('/lockdown')
  await page.locator('[data-testid=look-lockdown]').click()
  const preview = page.locator('[data-testid=level-preview]')
  await preview.waitFor()
  await preview.filter({ hasText: 'lock: 1' }).waitFor()
  await settled(page)
  await t.shot(page, 'lockdown-preview')
  await t.inspect(page, 'the preview of a level')
  await page.keyboard.press('Escape')
  await preview.waitFor({ state: 'hidden' })
}

async function hold(page, testid) {
  const button = page.locator(`[data-testid=${testid}]`)
  await button.scrollIntoViewIfNeeded()
  const box = await button.boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await banner(page).waitFor()
  await page.mouse.up()
}

async function raise(t, page, others) {
  await page.goto('/lockdown')
  await hold(page, 'raise-lockdown')
  for (const p of others) await banner(p).waitFor()
  if ((await banner(page).getAttribute('data-tone')) !== 'red') throw new Error('the banner is not red')
  await seen(t, page, 'lockdown', () => banner(page).waitFor())
}

async function told(page) {
  await page.goto('/lockdown')
  await page.locator('tr, [role=row], .rows-card').filter({ hasText: 'Main door' }).first().waitFor()
}

async function ownClear(page) {
  await banner(page).waitFor()
  if (await page.locator('[data-testid=all-clear]').count()) throw new Error('who raised it may end it')
}

async function clear(page, code, over, stands = []) {
  await page.locator('[data-testid=all-clear]').first().click()
  if (code) {
    await page.locator('input[data-testid=clear-code], [data-testid=clear-code] input').first().fill(code)
  }
  await page.locator('[data-testid=clear-now]').click()
  for (const p of over) await banner(p).waitFor({ state: 'detached' })
  for (const p of stands) await banner(p).waitFor()
}

async function forced(t, guards, others) {
  await clear(guards, codes.forced, [guards], others)
  await guards.goto('/wall')
  await settled(guards)
  await t.shot(guards, 'lockdown-forced')
  if (await banner(guards).count()) throw new Error('the guard sees that it stands')
}

const made = (page) => page.locator('article.alert').filter({ hasText: 'under duress' })

async function silent(t, guards, colleagues) {
  await colleagues.goto('/wall')
  await made(colleagues).first().waitFor()
  await t.shot(colleagues, 'lockdown-made-to')
  for (const path of ['/wall', '/alerts', '/incidents', '/messages', '/lockdown']) {
    await guards.goto(path)
    await settled(guards)
    const text = await guards.locator('body').innerText()
    if (/duress:|under duress/i.test(text)) throw new Error(`${path} shows the guard that the others know`)
  }
}

async function drill(t, page, guards) {
  await page.goto('/lockdown')
  await page.locator('[data-testid=drill]').click()
  await hold(page, 'raise-lockdown')
  if ((await banner(page).getAttribute('data-tone')) !== 'blue') throw new Error('a drill looks real')
  await page.goto('/wall')
  await page.locator('article.alert').filter({ hasText: 'Drill' }).first().waitFor()
  await seen(t, page, 'lockdown-drill', () => banner(page).waitFor())
  await clear(guards, codes.right, [page, guards])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const env = process.env
  const ok = await run({
    url: env.GATEHOUSE_URL,
    user: env.GATEHOUSE_USER,
    password: env.GATEHOUSE_PASSWORD,
    guard: env.GATEHOUSE_GUARD,
    colleague: env.GATEHOUSE_COLLEAGUE,
    guardPassword: env.GATEHOUSE_GUARD_PASSWORD,
    shots: env.GATEHOUSE_SHOTS || undefined,
  })
  process.exit(ok ? 0 : 1)
}
