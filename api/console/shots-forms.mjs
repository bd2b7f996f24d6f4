import { mock } from '/work/wt/console/api/console/dev/mock.mjs'
import * as d from '/work/wt/console/api/console/dev/data.mjs'
import { chromium } from '/work/wt/console/api/console/node_modules/playwright-core/index.mjs'
import { mkdirSync } from 'node:fs'
const out = '/tmp/shots'; mkdirSync(out, { recursive: true })
const server = mock()
await new Promise((r) => server.listen(0, '127.0.0.1', r))
const url = `http://127.0.0.1:${server.address().port}`
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] })
const dialogs = { 'person-add': '/people?add=person', 'key': '/integrations?tab=keys&make=key', }
for (const [lang, locale] of [['en', 'en-GB'], ['zh', 'zh-CN']]) {
  const c = await b.newContext({ baseURL: url, locale, viewport: { width: 1920, height: 1080 }, reducedMotion: 'reduce' })
  const p = await c.newPage()
  p.on('pageerror', (e) => console.log('PAGEERROR', e.message))
  p.on('console', (m) => m.type() === 'error' && console.log('CONSOLE', m.text().slice(0, 300)))
  await p.goto('/')
  await p.evaluate((l) => localStorage.setItem('gatehouse.language', l === 'zh' ? 'zh-CN' : 'en'), lang)
  await p.reload()
  await p.locator('input[name=username]').fill('admin')
  await p.locator('input[name=password]').fill('demo-password-1')
  await p.locator('button[type=submit]').click()
  await p.locator('.stream[data-state=live]').waitFor()
  for (const w of [1920, 390]) {
    await p.setViewportSize({ width: w, height: w === 390 ? 844 : 1080 })
    const shot = async (n) => { await p.waitForTimeout(400); await p.screenshot({ path: `${out}/${n}-${lang}-${w}.png` }) }
    const dev = d.devices?.[0]?.id, per = (d.people?.find((x) => x.kind === 'student') ?? {}).id
    const tries = [
      ['person-add', '/people?add=person'],
      ['user-add', null, async () => { await p.goto('/settings/users'); await p.locator('.panel-head button, .page-actions button').first().click() }],
      ['device-edit', `/devices/${dev}?do=edit`],
    ]
    for (const [n, to, f] of tries) {
      try { if (to) await p.goto(to); else await f(); await p.locator('[role=dialog]').waitFor({ timeout: 5000 }); await shot(n) }
      catch (e) { console.log('no', n, w, lang, e.message.split('\n')[0]); await shot(n + '-failed') }
    }
    if (w === 1920 && lang === 'en') {
      await p.goto('/people?add=person'); const dlg = p.locator('[role=dialog]'); await dlg.waitFor()
      await dlg.locator('input[list=classes]').evaluate((x) => console.log(x.maxLength)).catch(() => {})
      console.log('class maxlength', await dlg.locator('input[list=classes]').getAttribute('maxlength'))
      await dlg.getByRole('button', { name: 'Close' }).click().catch((e) => console.log(e.message))
    }
    await p.goto('/wall'); await p.locator('article.alert').first().waitFor(); await shot('wall')
    if (w === 1920) {
      const ids = () => p.locator('article.alert').evaluateAll((x) => x.map((y) => y.dataset.alert + (y.dataset.gone ? '!' : '')))
      const before = await ids()
      const card = p.locator('article.alert').nth(1); const box = await card.boundingBox()
      await p.mouse.move(box.x + 20, box.y + 20); await p.mouse.move(box.x + 24, box.y + 22)
      const first = d.alerts.find((a) => a.id === before[0]); const kept = first.state; first.state = 'resolved'
      await p.evaluate(() => window.dispatchEvent(new Event('focus')))
      await p.waitForTimeout(2000); await p.mouse.move(box.x + 26, box.y + 24)
      for (let i = 0; i < 14; i++) { await p.mouse.move(box.x + 26 + i, box.y + 24); await p.waitForTimeout(900) ; if ((await ids())[0] !== before[0]) break }
      const mid = await ids(); await shot('wall-held')
      console.log(lang, 'before', before.slice(0, 3), 'while', mid.slice(0, 3))
      await p.waitForTimeout(9000); console.log('after', (await ids()).slice(0, 3)); first.state = kept
    }
  }
  await c.close()
}
await b.close(); server.closeAllConnections(); server.close(); process.exit(0)
