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
const reload = { applied: false, changes: [{ key: 'log.level', from: 'info', to: 'debug', restart: false }, { key: 'rules.smoke-and-heat', from: 'critical', to: 'major', restart: false }, { key: 'http.listen', from: ':8080', to: ':9090', restart: true }] }
for (const [lang, locale] of [['en', 'en-GB'], ['zh', 'zh-CN']]) {
  const c = await b.newContext({ baseURL: url, locale, viewport: { width: 1920, height: 1080 }, reducedMotion: 'reduce' })
  const p = await c.newPage()
  d.users[0].language = lang === 'zh' ? 'zh-CN' : 'en'
  await p.route('**/v1/reload*', (r) => r.fulfill({ json: { ...reload, applied: !r.request().url().includes('dry_run') } }))
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
      ['device-edit', `/fleet/${dev}?do=edit`],
    ]
    for (const [n, to, f] of tries) {
      try { if (to) await p.goto(to); else await f(); await p.locator('[role=dialog]').waitFor({ timeout: 5000 }); await shot(n) }
      catch (e) { console.log('no', n, w, lang, e.message.split('\n')[0]); await shot(n + '-failed') }
    }
    await p.goto('/status')
    await p.getByRole('button', { name: lang === 'zh' ? '检查文件' : 'Check the files' }).click()
    await p.getByText('log.level').waitFor()
    await p.getByText('log.level').scrollIntoViewIfNeeded()
    await shot('reload')
    if (w === 1920) {
      await p.goto('/people'); await p.locator('tbody tr a').first().click(); await p.waitForTimeout(500)
      await shot('person')
    }
  }
  await c.close()
}
await b.close(); server.closeAllConnections(); server.close(); process.exit(0)
