// The wall's sound: beeps by severity, generated in the browser.

import type { Alert, Severity } from '../api/types'

export interface Beep {
  at: number
  hz: number
  s: number
} // seconds from the pattern's start
export interface Pattern {
  beeps: Beep[]
  every: number
} // repeated each `every` seconds; 0: once

/** The sound of a severity until somebody acknowledges. */
export function pattern(s: Severity): Pattern {
  switch (s) {
    case 'critical':
      return {
        every: 3,
        beeps: [0, 0.22, 0.44].flatMap((at) => [
          { at, hz: 960, s: 0.1 },
          { at: at + 0.1, hz: 720, s: 0.1 },
        ]),
      }
    case 'major':
      return {
        every: 8,
        beeps: [
          { at: 0, hz: 780, s: 0.18 },
          { at: 0.3, hz: 780, s: 0.18 },
        ],
      }
    case 'warning':
      return { every: 0, beeps: [{ at: 0, hz: 620, s: 0.25 }] }
    default:
      return { every: 0, beeps: [] }
  }
}

/** The sound of a wall that no longer hears the gateway: low, so that it is no alert's. */
export const lostPattern: Pattern = {
  every: 4,
  beeps: [
    { at: 0, hz: 330, s: 0.5 },
    { at: 0.6, hz: 247, s: 0.7 },
  ],
}

const rank: Record<Severity, number> = { info: 0, warning: 1, major: 2, critical: 3 }

/** Unacknowledged first, then most severe, then newest. */
export function byUrgency(a: Alert, b: Alert): number {
  const open = (x: Alert) => (x.state === 'open' ? 1 : 0)
  return (
    rank[b.severity] - rank[a.severity] ||
    open(b) - open(a) ||
    Date.parse(b.opened) - Date.parse(a.opened) ||
    (a.id < b.id ? -1 : 1)
  )
}

/** The alert that determines the sound: the most severe unacknowledged audible one. */
export function loudest(alerts: Alert[]): Alert | undefined {
  return alerts.filter((a) => a.audible && a.state === 'open').sort(byUrgency)[0]
}

/** Plays patterns. Browsers play no sound before the first click; `blocked` says so. */
export class Siren {
  private ctx?: AudioContext
  private timer?: ReturnType<typeof setInterval>

  private context(): AudioContext | undefined {
    if (!this.ctx && typeof AudioContext !== 'undefined') this.ctx = new AudioContext()
    return this.ctx
  }

  get blocked(): boolean {
    return this.context()?.state !== 'running'
  }

  /** Call from a click handler. */
  async unblock(): Promise<boolean> {
    try {
      await this.context()?.resume()
    } catch {
      // stays blocked
    }
    return !this.blocked
  }

  start(p: Pattern) {
    this.stop()
    this.play(p.beeps)
    if (p.every > 0) this.timer = setInterval(() => this.play(p.beeps), p.every * 1000)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private play(beeps: Beep[]) {
    const ctx = this.context()
    if (!ctx || ctx.state !== 'running') return
    for (const b of beeps) {
      const osc = ctx.createOscillator()
      const gain = ctx.createGain()
      const t = ctx.currentTime + b.at
      osc.frequency.value = b.hz
      gain.gain.setValueAtTime(0, t)
      gain.gain.linearRampToValueAtTime(0.25, t + 0.01)
      gain.gain.setValueAtTime(0.25, t + b.s - 0.02)
      gain.gain.linearRampToValueAtTime(0, t + b.s)
      osc.connect(gain).connect(ctx.destination)
      osc.start(t)
      osc.stop(t + b.s)
    }
  }
}
