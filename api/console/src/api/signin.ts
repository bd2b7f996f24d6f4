// What happens to requests after the session has expired. Reads wait until the user has signed in
// again. Writes fail, so that nothing is executed long after it was meant: the form stays open, and
// the user submits it again.

let waiting: { again: Promise<void>; go: () => void } | undefined
let ended: () => boolean = () => false

/** Sets the callback for a 401; it returns true if the user is asked to sign in again. */
export function whenSignedOut(f: () => boolean) {
  ended = f
}

/**
 * Reports a 401. The promise resolves after the next sign-in; undefined: nobody is asked to sign
 * in.
 */
export function signInEnded(): Promise<void> | undefined {
  if (!ended()) return undefined
  if (!waiting) {
    let go = () => {}
    const again = new Promise<void>((done) => (go = done))
    waiting = { again, go }
  }
  return waiting.again
}

/** The user has signed in, or will not be asked any more. */
export function signInIsBack() {
  waiting?.go()
  waiting = undefined
}
