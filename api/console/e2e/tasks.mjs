// What a page's main thread did, from Chromium's own trace: how long its tasks took, by the clock and
// of the processor's time, and what the longest consisted of. A machine with other work stretches
// the former and not the latter.

const categories = ['devtools.timeline', 'toplevel', 'blink.user_timing', '__metadata']
const kinds = [
  'FunctionCall',
  'Layout',
  'UpdateLayoutTree',
  'PrePaint',
  'Paint',
  'MinorGC',
  'MajorGC',
  'TimerFire',
]

/** Begins a trace; the function that it returns ends it and gives the figures, in ms. */
export async function traced(page) {
  const browser = page.context().browser()
  await browser.startTracing(page, { categories })
  return async () => figures(JSON.parse((await browser.stopTracing()).toString()).traceEvents)
}

function figures(events) {
  const main = events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain')
  const of = (e) => main.some((m) => m.pid === e.pid && m.tid === e.tid)
  const own = events.filter((e) => e.ph === 'X' && of(e))
  const tasks = own.filter((e) => /RunTask$/.test(e.name) && e.dur > 50_000)
  const ms = (us) => Math.round((us ?? 0) / 1000)
  const slow = tasks.sort((a, b) => (b.tdur ?? b.dur) - (a.tdur ?? a.dur))[0]
  return {
    wall: ms(Math.max(0, ...tasks.map((e) => e.dur))),
    cpu: ms(slow ? (slow.tdur ?? slow.dur) : 0),
    longest: slow ? parts(own, slow, ms) : {},
  }
}

// How long each kind of work took within a task; a kind within itself counts once.
function parts(own, task, ms) {
  const out = {}
  for (const name of kinds) {
    let until = task.ts
    let sum = 0
    const inside = own.filter(
      (e) => e.name === name && e.pid === task.pid && e.ts >= task.ts && e.ts + e.dur <= task.ts + task.dur,
    )
    for (const e of inside.sort((a, b) => a.ts - b.ts)) {
      if (e.ts < until) continue
      sum += e.tdur ?? e.dur
      until = e.ts + e.dur
    }
    if (ms(sum) > 0) out[name] = ms(sum)
  }
  return out
}
