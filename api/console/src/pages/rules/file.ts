// A rule as a file that another school, or the gateway's folder of rules, takes.

/** The file of a rule: where it comes from, and its text as one rule of a rule file. */
export function fileOf(r: { id: string; text: string; version?: number; from?: string }): string {
  const head = `# ${[r.id, r.version && 'version ' + r.version, r.from].filter(Boolean).join(', ')}\n`
  return head + filesOf([r])
}

/** The file of several rules. */
export function filesOf(all: { text: string }[]): string {
  const item = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((l, i) => (i === 0 ? '  - ' + l : l && '    ' + l))
      .join('\n')
  return ['rules:', ...all.map((r) => item(r.text))].join('\n') + '\n'
}

/** The text of the one rule in a file; a file that holds none or several stays as it is, and the check says so. */
export function textOf(file: string): string {
  const lines = file
    .replace(/\r\n/g, '\n')
    .replace(/^\uFEFF/, '')
    .split('\n')
  const begin = lines.findIndex((l) => /^rules:\s*(#.*)?$/.test(l))
  if (begin < 0) return file
  const first = lines.findIndex((l, i) => i > begin && /^\s*- /.test(l))
  if (first < 0) return file
  const indent = /^(\s*- +)/.exec(lines[first])![1].length
  const rest = lines.slice(first + 1)
  if (rest.some((l) => /\S/.test(l) && !/^\s*#/.test(l) && /^\s*/.exec(l)![0].length < indent)) return file
  const out = [
    lines[first].slice(indent),
    ...rest.map((l) => l.slice(Math.min(indent, /^\s*/.exec(l)![0].length))),
  ]
  return out.join('\n').trimEnd() + '\n'
}

/** Hands a text to the browser as a file. */
export function save(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 0)
}
