// What the browser tests share: a browser, steps that are told as they pass, pictures, and the
// checks that every page must pass.

import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const here = fileURLToPath(new URL('.', import.meta.url))
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Opens a browser at a gateway, runs the steps, and says whether there was no fault. */
export async function trial({ url, shots = join(here, '..', 'shots'), log = console.log }, steps) {
  mkdirSync(shots, { recursive: true })
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  const t = new Trial(shots, log)
  try {
    const context = await browser.newContext({
      baseURL: url,
      locale: 'en-GB',
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    t.watch(page)
    await steps(t, page)
  } finally {
    await browser.close()
  }
  log(`${t.passed} passed, ${t.faults.length} failed`)
  return t.faults.length === 0
}

class Trial {
  faults = []
  known = new Set()
  passed = 0
  stopped = false
  quiet = false // requests are made to fail on purpose
  constructor(shots, log) {
    this.shots = shots
    this.log = log
  }

  /** One step; where the rest cannot go on without it, they are passed over. */
  async step(name, f, { needed = false } = {}) {
    if (this.stopped) return this.log(`skip  ${name}`)
    const began = Date.now()
    try {
      await f()
      this.passed++
      this.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
    } catch (e) {
      const why = e.message
        .split('\n')
        .filter((l) => l.trim())
        .slice(0, 4)
        .join(' ')
      this.faults.push(`${name}: ${why}`)
      this.log(`FAIL  ${name}: ${why}`)
      this.stopped = needed
    }
  }

  // The same fault on page after page is said once.
  fault(text, kind = text) {
    if (this.known.has(kind)) return
    this.known.add(kind)
    this.faults.push(text)
    this.log(`FAULT ${text}`)
  }

  watch(page) {
    page.on('pageerror', (e) => this.fault(`script error on ${page.url()}: ${e.message}`))
    page.on('console', (m) => {
      if (m.type() !== 'error' || this.quiet) return
      const at = m.location().url ?? ''
      // What the browser itself writes when the API refuses something: a camera that is off, the question
      // for a reason, the calls about an alert that called nobody.
      if (
        /^Failed to load resource/.test(m.text()) &&
        /\/v1\/(devices\/[^/]+\/snapshot|people\/[^/]+|me|media\/|alerts\/[^/]+\/calls)/.test(at)
      )
        return
      this.fault(`console error on ${page.url()}: ${m.text()} ${at}`)
    })
  }

  async shot(page, name) {
    await page.screenshot({ path: join(this.shots, `${name}.png`), animations: 'disabled' })
  }

  async inspect(page, name) {
    const wide = await page.evaluate(() => {
      const over = document.documentElement.scrollWidth - document.documentElement.clientWidth
      if (over <= 0) return ''
      const worst = [...document.querySelectorAll('main *')].find(
        (e) =>
          e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
          !e.closest('.rows-wrap'),
      )
      return `${over} px too wide${worst ? ` (${worst.tagName}.${worst.className})` : ''}`
    })
    if (wide) this.fault(`${name}: ${wide}`)
    // Through evaluate, not a script tag: the page's own content security policy stays in force.
    await page.evaluate(axeSource)
    const found = await page.evaluate(() =>
      window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }),
    )
    for (const v of found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')) {
      this.fault(
        `${name}: ${v.id}, ${v.help}: ${v.nodes
          .slice(0, 2)
          .map((n) => n.html.slice(0, 160) + ' — ' + (n.any[0]?.message ?? ''))
          .join(' | ')}`,
        v.id + v.nodes[0].html.slice(0, 80),
      )
    }
  }
}

export const sizes = { 1366: { width: 1366, height: 768 }, 390: { width: 390, height: 844 } }

/** Signs in at a page, and waits for the live stream. */
export async function signIn(page, path, user, password) {
  await page.goto(path)
  await page.locator('input[name=username]').fill(user)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.stream[data-state=live]').waitFor()
}

/** Each width in each language: no page is too wide, and a picture is taken. */
export async function seen(t, page, name, wait) {
  for (const lang of ['zh-CN', 'en']) {
    await page.setViewportSize(sizes[1366])
    await page.locator('[data-testid=language]').click()
    await page.locator(`[role=menuitem][lang=${lang}]`).click()
    await page.waitForFunction(
      (want) => document.documentElement.lang === want && !document.querySelector('[role=menu]'),
      lang,
    )
    for (const [width, size] of Object.entries(sizes)) {
      await page.setViewportSize(size)
      await wait()
      await settled(page)
      await t.shot(page, `${name}-${width}-${lang}`)
      await t.inspect(page, `${name} at ${width} px in ${lang}`)
    }
  }
  await page.setViewportSize(sizes[1366])
}

// Nothing is loading any more, or ten seconds are over: cameras may be slow for ever.
export async function settled(page) {
  await page
    .waitForFunction(() => !document.querySelector('.wait'), undefined, { timeout: 10_000 })
    .catch(() => {})
  await page.waitForFunction(() => document.fonts.status === 'loaded')
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}
