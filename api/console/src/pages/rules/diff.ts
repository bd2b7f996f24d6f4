// The lines in which two texts differ, and two people's changes of one text put together.

export interface Line {
  sign: '-' | '+' | ' '
  line: string
}

/** The lines of two texts: taken out, put in, or the same. */
export function lineChanges(was: string, is: string): Line[] {
  const a = was.split('\n')
  const b = is.split('\n')
  const same = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      same[i][j] = a[i] === b[j] ? same[i + 1][j + 1] + 1 : Math.max(same[i + 1][j], same[i][j + 1])
  const out: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ sign: ' ', line: a[i] })
      i++
      j++
    } else if (j >= b.length || (i < a.length && same[i + 1][j] >= same[i][j + 1]))
      out.push({ sign: '-', line: a[i++] })
    else out.push({ sign: '+', line: b[j++] })
  }
  return out
}

// A change of lines: from (inclusive) to (exclusive) of the text before become other ones.
interface Hunk {
  from: number
  to: number
  lines: string[]
}

function hunks(was: string, is: string): Hunk[] {
  const out: Hunk[] = []
  let at = 0
  let open: Hunk | undefined
  for (const x of lineChanges(was, is)) {
    if (x.sign === ' ') {
      open = undefined
      at++
      continue
    }
    if (!open) out.push((open = { from: at, to: at, lines: [] }))
    if (x.sign === '-') open.to = ++at
    else open.lines.push(x.line)
  }
  return out
}

/** The text with both people's changes; undefined where they have changed the same lines. */
export function merged(was: string, mine: string, theirs: string): string | undefined {
  const a = hunks(was, mine)
  const b = hunks(was, theirs)
  const out = was.split('\n')
  const all = [...a, ...b].sort((x, y) => x.from - y.from || x.to - y.to)
  const once: Hunk[] = []
  for (const h of all) {
    const last = once.at(-1)
    if (last && JSON.stringify(last) === JSON.stringify(h)) continue // both did the same
    if (last && (h.from < last.to || h.from === last.from)) return undefined
    once.push(h)
  }
  for (const h of once.reverse()) out.splice(h.from, h.to - h.from, ...h.lines)
  return out.join('\n')
}
