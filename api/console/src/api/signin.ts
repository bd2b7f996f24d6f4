// What happens to requests when the sign-in has ended: reading waits until somebody has signed
// in again, and is then done. Deeds are refused, so that nothing happens long after it was meant;
// the form is still there, and whoever pressed the button presses it again.

let waiting: { again: Promise<void>; go: () => void } | undefined
let ended: () => boolean = () => false

/** Sets who is told that a request was refused for want of a sign-in; true: somebody is asked to sign in again. */
export function whenSignedOut(f: () => boolean) {
  ended = f
}

/** Tells that there is no sign-in. The promise is kept once there is one again; none: nobody is asked. */
export function signInEnded(): Promise<void> | undefined {
  if (!ended()) return undefined
  if (!waiting) {
    let go = () => {}
    const again = new Promise<void>((done) => (go = done))
    waiting = { again, go }
  }
  return waiting.again
}

/** Somebody has signed in, or nobody will be asked any more. */
export function signInIsBack() {
  waiting?.go()
  waiting = undefined
}
