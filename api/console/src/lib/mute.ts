// The wall's sound is off for one person and until a time, so that nobody inherits silence.

const longest = 12 * 3600_000 // ms: one shift

/** Where the end of one person's mute is stored. */
export const muteKey = (user: string) => 'gatehouse.mute.' + user

/** When the stored mute ends, in ms; 0 if it has ended or was never set. */
export function muteEnd(stored: string, now: number): number {
  const end = Number(stored)
  return Number.isFinite(end) && end > now && end - now <= longest ? end : 0
}

/** Choices of ends, in ms from now: a quarter of an hour, two hours, a shift. */
export const muteFor = [15 * 60_000, 2 * 3600_000, 8 * 3600_000]
