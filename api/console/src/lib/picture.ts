// What a camera says of its picture, in words.

const faults = ['frozen', 'black', 'covered', 'blurred']

/** Puts the reason of a device's state into words where it begins with a code that is known,
 * as a camera's faults do; any other reason is shown as it came. */
export function reasonText(reason: string, t: (key: string) => string): string {
  const code = faults.find((f) => reason.startsWith(f + ':'))
  return code ? t('picture.' + code) : reason
}
