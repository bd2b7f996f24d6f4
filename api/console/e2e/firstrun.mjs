// Goes through the first hour with an empty gateway, in a real browser: the first-run page,
// places, an MQTT device of one's own that then sends, a Modbus device that does not answer,
// people from CSV, a card, consent, a key whose curl works, and a webhook.
//
//   GATEHOUSE_URL=http://127.0.0.1:8080 node e2e/firstrun.mjs
//
// The gateway must be empty and have its MQTT listener and the modbus driver. mosquitto_pub
// sends for the device; without it that step says so and is passed over. The administrator is
// GATEHOUSE_USER (admin) with GATEHOUSE_PASSWORD (first-run-password).

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { settled, trial } from './trial.mjs'

const sh = (line) => promisify(execFile)('/bin/sh', ['-c', line], { timeout: 20_000 })

export function run({ url, user = 'admin', password = 'first-run-password', shots }) {
  return trial({ url, shots }, async (t, page) => {
    await t.step('the first-run page makes the school', () => setUp(t, page, user, password), {
      needed: true,
    })
    await t.step('empty pages say why', () => emptyPages(t, page))
    await t.step('places', () => places(t, page))
    let heard = false
    await t.step('an MQTT device of one’s own sends', async () => (heard = await mqttDevice(t, page)))
    await t.step('a rule by the form, tried, explained and restored', () => ownRule(t, page, heard))
    await t.step('a Modbus device that does not answer says so', () => modbusDevice(t, page))
    await t.step('people from CSV', () => importPeople(t, page))
    await t.step('a student’s card and consent', () => student(t, page))
    await t.step('how a student is reached', () => contact(t, page))
    await t.step('what a message says', () => messageText(t, page))
    await t.step('a message is shown by the browser', () => pushed(t, page))
    await t.step('a calendar, by hand and from a file', () => calendar(t, page))
    await t.step('a session', () => session(t, page))
    await t.step('a key, and its curl', () => key(t, page))
    await t.step('a webhook', () => webhook(t, page))
    await t.step('a user', () => addUser(t, page))
  })
}

const field = (page, label) => page.getByLabel(label, { exact: false })
const dialog = (page) => page.locator('[role=dialog]')

/** Chooses in a select of a form: opens it and clicks the option. */
async function choose(page, scope, label, option) {
  await scope
    .getByRole('combobox', { name: label })
    .or(scope.getByRole('textbox', { name: label }))
    .first()
    .click()
  await page.getByRole('option', { name: option }).first().click()
}

async function setUp(t, page, user, password) {
  await page.goto('/')
  await page.locator('input[name=school]').fill('Test School')
  await page.locator('input[name=full_name]').fill('Test Admin')
  await page.locator('input[name=admin]').fill(user)
  await page.locator('input[name=password]').fill('short')
  await page.locator('input[name=again]').fill('other')
  await page.getByText('The two passwords differ.').waitFor()
  await t.shot(page, 'first-setup')
  await t.inspect(page, 'first run')
  await page.setViewportSize({ width: 390, height: 844 })
  await t.inspect(page, 'first run at 390 px')
  await t.shot(page, 'first-setup-390')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.locator('input[name=password]').fill(password)
  await page.locator('input[name=again]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.stream[data-state=live]').waitFor()
}

async function emptyPages(t, page) {
  for (const p of [
    '/wall',
    '/incidents',
    '/alerts',
    '/cameras',
    '/attendance',
    '/people',
    '/fleet',
    '/integrations',
    '/settings/places',
    '/settings/sessions',
  ]) {
    await page.goto(p)
    await settled(page)
    // On a machine whose disk is nearly full the gateway raises an alert of its own.
    await page.locator('.empty').or(page.getByText('little space left')).first().waitFor()
    await t.inspect(page, `${p}, empty`)
    await t.shot(page, 'first-empty' + p.replaceAll('/', '-'))
  }
}

async function places(t, page) {
  await page.goto('/settings/places')
  const add = async (button, name) => {
    await button.click()
    await dialog(page).getByLabel('Name').fill(name)
    await dialog(page).locator('button[type=submit]').click()
    await dialog(page).waitFor({ state: 'detached' })
  }
  await add(page.getByRole('button', { name: 'Add a site' }), 'Main campus')
  await add(page.getByRole('button', { name: 'Building', exact: true }), 'Science building')
  await page.getByRole('button', { name: 'Zone', exact: true }).click()
  await dialog(page).getByLabel('Name').fill('Laboratory 1')
  await choose(page, dialog(page), 'What it is for', 'Laboratory')
  await dialog(page).locator('button[type=submit]').click()
  await page.getByText('Laboratory 1').waitFor()
  await t.shot(page, 'first-places')
}

async function mqttDevice(t, page) {
  await page.goto('/fleet/add')
  await page.locator('[data-driver="mqtt-front"]').click()
  await page.locator('main button[type=submit]').click()
  await page.getByRole('button', { name: 'Define it here' }).click()
  await field(page, 'What is this kind of device called?').fill('Greenhouse sensor')
  await page.getByLabel('Property').first().fill('temperature')
  await page.getByLabel('Unit').first().fill('Cel')
  await t.shot(page, 'first-mqtt-profile')
  await t.inspect(page, 'own profile')
  await page.locator('main button[type=submit]').click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Greenhouse 1')
  await choose(page, page.locator('main'), 'Zone', 'Laboratory 1')
  await page.locator('main button[type=submit]').click()
  const line = await page.getByRole('region', { name: 'Try it from a shell' }).innerText()
  await t.shot(page, 'first-mqtt-done')
  await t.inspect(page, 'device registered')
  await page.getByRole('link', { name: 'To the device' }).click()
  await page.locator('h1').waitFor()
  if (!line.startsWith('mosquitto_pub ')) throw new Error(`the line to try it with is ${line}`)
  try {
    await sh('command -v mosquitto_pub')
  } catch {
    t.log('      mosquitto_pub is not installed: nothing was sent')
    return false
  }
  await sh(line)
  await page.locator('td b', { hasText: '20 °C' }).waitFor()
  await page.getByRole('tab', { name: 'Comings and goings' }).click()
  await page.locator('td .tag[data-tone=green]', { hasText: 'Online' }).first().waitFor()
  await t.shot(page, 'first-mqtt-heard')
  return true
}

// A rule above a value that the device has reported (20 °C): it fires when it is saved, says why, no
// longer holds with a higher limit, and holds again once its first version is restored.
async function ownRule(t, page, heard) {
  const main = page.locator('main')
  const saved = (n) => main.getByText(new RegExp(`^${n} · `)).waitFor()
  await page.goto('/rules/new')
  await main.getByLabel('Title (English)').fill('The greenhouse is warm')
  await choose(page, main, 'What is measured', /temperature/)
  await main.getByLabel(/^Value/).fill('15')
  await main.getByLabel('It must last').first().fill('0')
  await page.getByText('No mistake: it can be saved.').waitFor()
  await t.shot(page, 'first-rule-form')
  await t.inspect(page, 'a rule by the form')
  await page.getByRole('button', { name: 'What would it have found?' }).click()
  await page.getByText(heard ? 'It would have fired 1 time.' : 'It would have fired 0 times.').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'The greenhouse is warm' }).waitFor()
  await saved(1)
  const rule = page.url().split('?')[0]
  if (heard) {
    await page.goto('/wall')
    await page.locator('article.alert', { hasText: 'The greenhouse is warm' }).waitFor()
    await page.goto(rule + '?tab=why')
    await choose(page, main, 'Why, or why not, for this device', /Greenhouse 1/)
    const why = page.getByRole('region', { name: 'What it makes of it now' })
    await why.locator('.tag[data-tone=red]', { hasText: 'fires' }).waitFor()
    await t.shot(page, 'first-rule-why')
    await t.inspect(page, 'why a rule fires')
  }
  await page.goto(rule)
  await main.getByLabel(/^Value/).fill('30')
  await main.getByLabel('Why it is changed').fill('it is a greenhouse')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await saved(2)
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await t.shot(page, 'first-rule-restore')
  await t.inspect(page, 'restoring a version')
  await dialog(page).locator('[data-testid=do]').click()
  await saved(3)
  await page.getByRole('tab', { name: 'Rule', exact: true }).click()
  await page.waitForFunction(() => [...document.querySelectorAll('main input')].some((x) => x.value === '15'))
}

async function modbusDevice(t, page) {
  await page.goto('/fleet/add')
  await page.locator('[data-driver="modbus"]').click()
  await field(page, 'Address').first().fill('127.0.0.1:1')
  await page.locator('main button[type=submit]').click()
  await page.getByRole('button', { name: 'Define it here' }).click()
  await field(page, 'What is this kind of device called?').fill('Boiler')
  await page.getByLabel('Property').first().fill('pressure')
  await page.getByLabel('Register').fill('holding:0')
  await page.locator('main button[type=submit]').click()
  await page.locator('[data-testid=probe]').click()
  await page.getByText('It does not answer').waitFor({ timeout: 30_000 })
  await t.shot(page, 'first-modbus-probe')
  await t.inspect(page, 'a failed test')
}

const csv = (kind) =>
  Buffer.from(
    `kind,number,name,class,boarder,phone,card,face_consent\nstudent,2026-0001,Ann Example,7-1,no,,0009990001,no\nstudent,2026-0002,Bo Example,7-2,yes,,0009990002,no\n${kind},T-1,Cy Example,,,,,no\n`,
  )

async function importPeople(t, page) {
  await page.goto('/people/import')
  const give = (kind) =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: csv(kind) })
  await give('pupil')
  await page.locator('table.rows .tag[data-tone=red]').waitFor()
  await t.shot(page, 'first-import-errors')
  await t.inspect(page, 'import with errors')
  await give('staff')
  await page.locator('[data-testid=apply]').click()
  await page.getByText('Done: 3 new').waitFor()
  await t.shot(page, 'first-import-done')
}

async function student(t, page) {
  await page.goto('/people?q=Ann')
  await page.getByRole('link', { name: 'Ann Example' }).click()
  await page.locator('form input').fill('First-run test')
  await page.locator('form button[type=submit]').click()
  await page.getByRole('button', { name: 'Record consent' }).click()
  await dialog(page).getByLabel('Who said so').fill('Guardian Example')
  await dialog(page).getByLabel('How').fill('Paper form')
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('.tag[data-tone=green]', { hasText: 'given' }).waitFor()
  await page.getByRole('button', { name: 'Add a card' }).click()
  await dialog(page).getByLabel('Number or text').fill('0001234567')
  await dialog(page).locator('button[type=submit]').click()
  await page.getByText('…4567').waitFor()
  await t.shot(page, 'first-student')
}

async function contact(t, page) {
  const panel = page.getByRole('region', { name: 'How this person is reached' })
  await panel.getByRole('button', { name: 'Show' }).click()
  await panel.getByText('alarms only').waitFor()
  await panel.getByRole('button', { name: 'Edit' }).click()
  await dialog(page).getByLabel('Agreed to get messages').check()
  await dialog(page).getByRole('button', { name: 'Add an address' }).click()
  const value = dialog(page).getByLabel('Address or number')
  await value.fill('no address at all')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).getByText('is no').first().waitFor()
  await value.fill('guardian@home.example')
  await t.inspect(page, 'a contact')
  await t.shot(page, 'first-contact-edit')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
  await panel.getByText('guardian@home.example').waitFor()
  await panel.getByText('agreed to them').waitFor()
  await t.shot(page, 'first-contact')
}

async function messageText(t, page) {
  await page.goto('/settings/messages')
  const row = page.getByRole('row').filter({ hasText: 'Broadcast' }).filter({ hasText: 'English' })
  await row.getByRole('button', { name: 'Edit' }).click()
  const text = dialog(page).getByLabel('Text', { exact: false }).first()
  const before = await text.inputValue()
  await text.fill(before + '\n{nobody}')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).getByText('nobody', { exact: false }).last().waitFor()
  await text.fill(before + '\nThe office of ')
  await dialog(page).getByRole('button', { name: '{school}' }).click()
  await dialog(page).getByText('The office of Riverside School').waitFor()
  await t.inspect(page, 'a text')
  await t.shot(page, 'first-text')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
  await row.getByText("The school's own").waitFor()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/settings/messages')
  await row.getByText("The school's own").waitFor()
  await t.inspect(page, 'messages’ texts at 390 px')
  await t.shot(page, 'first-texts-390')
  await page.setViewportSize({ width: 1440, height: 900 })
}

// Chromium itself delivers the push: its push service is far away.
async function pushed(t, page) {
  const { origin } = new URL(page.url())
  await page.context().grantPermissions(['notifications'], { origin })
  const worker = await page.context().newCDPSession(page)
  const registered = new Promise((found) => {
    worker.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find((r) => r.scopeURL.startsWith(origin) && !r.isDeleted)
      if (ours) found(ours.registrationId)
    })
  })
  await worker.send('ServiceWorker.enable')
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/push.js')
    await navigator.serviceWorker.ready
  })
  const letter = { id: 'ltr_1', title: 'critical: Smoke', body: 'Laboratory 1', link: '/wall', urgent: true }
  await worker.send('ServiceWorker.deliverPushMessage', {
    origin,
    registrationId: await registered,
    data: JSON.stringify(letter),
  })
  await page.waitForFunction(async () => {
    const all = await (await navigator.serviceWorker.ready).getNotifications()
    return all.length === 1 && all[0].title === 'critical: Smoke' && all[0].body === 'Laboratory 1'
  })
  await page.evaluate(async () => (await navigator.serviceWorker.ready).unregister())
}

// A term by hand and the published holidays from a file: the picture shows both, and a second reading
// of the file finds nothing new.
async function calendar(t, page) {
  await page.goto('/settings/calendar?year=2026')
  const day = (month, n) =>
    page.locator('.calendar-month', { hasText: month }).locator('td', { hasText: new RegExp(`^${n}$`) })
  await page.locator('td.day[data-is=school]').first().waitFor()
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await choose(page, dialog(page), 'Kind', 'Term')
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Autumn')
  await dialog(page).getByLabel('From').fill('2026-09-01')
  await dialog(page).getByLabel('To').fill('2027-01-22')
  await t.inspect(page, 'a new entry of the calendar')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
  await day('August', 31).and(page.locator('[data-is=none]')).waitFor()
  const days = [
    ...[1, 2, 3, 4, 5, 6, 7].map((n) => ({ name: '国庆节', date: `2026-10-0${n}`, isOffDay: true })),
    { name: '国庆节', date: '2026-10-10', isOffDay: false },
  ]
  const file = {
    name: '2026.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify({ days })),
  }
  await page.locator('input[type=file]').setInputFiles(file)
  await dialog(page).getByText('2026-10-01 – 2026-10-07').waitFor()
  await t.shot(page, 'first-calendar-file')
  await dialog(page).getByRole('button', { name: 'Add 2 entries' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  await day('October', 5).and(page.locator('[data-is=off]')).waitFor()
  await day('October', 10).and(page.locator('[data-is=worked]')).waitFor()
  await t.shot(page, 'first-calendar')
  await t.inspect(page, 'the calendar')
  await page.locator('input[type=file]').setInputFiles(file)
  await dialog(page).getByText('2 are there already.').waitFor()
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
}

async function session(t, page) {
  await page.goto('/settings/sessions')
  await page.getByRole('button', { name: 'Add a session' }).click()
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Morning')
  await t.shot(page, 'first-session')
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
  await page.locator('td', { hasText: 'Morning' }).first().waitFor()
  await page.goto('/attendance')
  await page.locator('[role=tab][data-session]').waitFor()
}

async function key(t, page) {
  await page.goto('/integrations')
  await page.getByRole('button', { name: 'Create a key' }).click()
  await dialog(page).getByLabel('Name').fill('Reports')
  await dialog(page).getByLabel('Purpose').fill('Monthly canteen report')
  await dialog(page).locator('input[value="devices:read"]').check()
  await t.inspect(page, 'a new key')
  await dialog(page).locator('button[type=submit]').click()
  const line = await page.getByRole('region', { name: 'Try it from a shell' }).innerText()
  await t.shot(page, 'first-key')
  const { stdout } = await sh(line)
  JSON.parse(stdout)
}

async function webhook(t, page) {
  await page.goto('/integrations')
  await page.getByRole('tab', { name: 'Webhooks' }).click()
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  await dialog(page).getByLabel('Address').fill('https://127.0.0.1:9/gatehouse')
  await dialog(page).locator('button[type=submit]').click()
  await page.getByRole('region', { name: 'Signing secret' }).getByText('whsec_').waitFor()
  await t.shot(page, 'first-webhook')
  await page.locator('[data-testid=kept]').click()
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByText('Deliveries to').waitFor()
  await settled(page)
  await t.shot(page, 'first-webhook-test')
}

async function addUser(t, page) {
  await page.goto('/settings/users')
  await page.getByRole('button', { name: 'Add a user' }).click()
  await dialog(page).getByLabel('Sign-in name').fill('guard')
  await dialog(page).locator('input[type=password]').fill('guard-password-1')
  await dialog(page).locator('button[type=submit]').click()
  await page.locator('td', { hasText: 'guard' }).first().waitFor()
  await t.shot(page, 'first-users')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {
    GATEHOUSE_URL: url,
    GATEHOUSE_USER: user,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_SHOTS: shots,
  } = process.env
  if (!url) {
    console.error('set GATEHOUSE_URL to that of an empty gateway')
    process.exit(2)
  }
  process.exit(
    (await run({ url, user: user || undefined, password: password || undefined, shots: shots || undefined }))
      ? 0
      : 1,
  )
}
