// Writes the licences of everything that a package links: a table, then the texts that came
// with each part. It fails where a part has no text, so that none is passed on without.
//
//   node licences.mjs OUT GOMODCACHE NODE_MODULES SBOM...
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [out, modcache, nodeModules, ...sboms] = process.argv.slice(2)
const own = 'github.com/gatehouse-iot/gatehouse'
const parts = new Map()

// In the module cache an upper-case letter is an exclamation mark and the lower-case one.
const escape = (path) => path.replace(/[A-Z]/g, (c) => '!' + c.toLowerCase())

function folder(purl, name, version) {
  if (purl.startsWith('pkg:npm/')) return join(nodeModules, name)
  return join(modcache, `${escape(name)}@${escape(version)}`)
}

function identifiers(component) {
  const found = [...(component.licenses ?? []), ...(component.evidence?.licenses ?? [])]
  const ids = found.map((l) => l.expression ?? l.license?.id ?? l.license?.name).filter(Boolean)
  return [...new Set(ids)].join(', ') || 'see its text'
}

for (const file of sboms) {
  const sbom = JSON.parse(readFileSync(file, 'utf8'))
  for (const c of sbom.components ?? []) {
    const purl = c.purl ?? ''
    const npm = purl.startsWith('pkg:npm/')
    const name = npm && c.group ? `${c.group}/${c.name}` : c.name
    if (name === own || name === 'std' || parts.has(purl)) continue
    parts.set(purl, { name, version: c.version ?? '', ids: identifiers(c), dir: folder(purl, name, c.version ?? '') })
  }
}

const texts = new Map() // text -> the parts that come with it
const missing = []
for (const p of parts.values()) {
  const entries = existsSync(p.dir) ? readdirSync(p.dir, { withFileTypes: true }) : []
  const names = entries.filter((e) => e.isFile() && /^(licen[cs]e|copying|notice|unlicense)/i.test(e.name)).map((e) => e.name)
  if (names.length === 0) missing.push(`${p.name} ${p.version} (${p.dir})`)
  for (const f of names.sort()) {
    const text = readFileSync(join(p.dir, f), 'utf8').trim()
    texts.set(text, [...(texts.get(text) ?? []), `${p.name} ${p.version}`])
  }
}

// Parts whose archive holds no text of its own, with why they may be passed on.
const without = JSON.parse(readFileSync(new URL('licences-without-text.json', import.meta.url), 'utf8'))
const unexplained = missing.filter((m) => !without[m.split(' ')[0]])
if (parts.size === 0 || unexplained.length > 0) {
  console.error(`licences: no licence text for:\n  ${unexplained.join('\n  ') || 'anything: the bills of materials are empty'}`)
  process.exit(1)
}

const rows = [...parts.values()].sort((a, b) => a.name.localeCompare(b.name))
const lines = ['Gatehouse links these parts of others, under their licences:', '']
for (const p of rows) lines.push(`  ${p.name} ${p.version}: ${without[p.name] ?? p.ids}`)
for (const [text, of] of texts) lines.push('', '='.repeat(78), ...of, '', text)
writeFileSync(out, lines.join('\n') + '\n')
console.log(`licences: ${rows.length} parts, ${texts.size} texts, in ${out}`)
