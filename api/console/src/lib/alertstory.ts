// What happened about an alert, as one time line: what people and the rule did, who was called, and
// what devices were told to do.

import type { Alert, AlertEntry, CallEntry, Calling, CommandState } from '../api/types'

type Command = NonNullable<Alert['commands']>[number]

export type StoryLine =
  | { at: string; key: string; kind: 'entry'; e: AlertEntry }
  | { at: string; key: string; kind: 'call'; e: CallEntry }
  | { at: string; key: string; kind: 'command'; c: Command; state: CommandState }

/** The lines in their order, the oldest first; of the same moment those that people did first. */
export function story(
  history: AlertEntry[],
  calling: Calling | undefined,
  commands: Command[] | undefined,
): StoryLine[] {
  const lines: StoryLine[] = [
    ...history.map((e) => ({ at: e.at, key: 'h' + e.n, kind: 'entry' as const, e })),
    ...(calling?.log ?? []).map((e, n) => ({ at: e.at, key: 'c' + n, kind: 'call' as const, e })),
    ...(commands ?? []).flatMap((c) =>
      timesOf(c).map((x) => ({
        at: x.at,
        key: c.id + x.state,
        kind: 'command' as const,
        c,
        state: x.state,
      })),
    ),
  ]
  return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

// A command of before its times were kept has its making and its last change.
function timesOf(c: Command): { state: CommandState; at: string }[] {
  if (c.times?.length) return c.times
  const made = { state: 'accepted' as const, at: c.made }
  return c.state === 'accepted' ? [made] : [made, { state: c.state, at: c.changed }]
}
