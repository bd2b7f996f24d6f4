// Browsers silently cut input at a field's maximum length. This shows a message instead.

import { notifications } from '@mantine/notifications'
import { words } from '../i18n'

type Field = HTMLInputElement | HTMLTextAreaElement

function limited(target: EventTarget | null): Field | undefined {
  const fits = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
  return fits && target.maxLength > 0 ? target : undefined
}

/** How many characters a field still takes, replacing its selection. */
function room(f: Field): number {
  const chosen = (f.selectionEnd ?? 0) - (f.selectionStart ?? 0)
  return f.maxLength - f.value.length + chosen
}

function tell(max: number) {
  notifications.show({
    id: 'full-' + max,
    message: words('error.full', { n: max }),
    color: 'orange',
    autoClose: 9000,
    closeButtonProps: { 'aria-label': words('common.close') },
  })
}

/**
 * Shows a message whenever a field cuts its input; call it once. Returns a function that stops it.
 */
export function tellLimits(say: (max: number) => void = tell): () => void {
  let left: number | undefined // room when an input method's composition began
  const before = (e: Event) => {
    const { inputType, data, dataTransfer } = e as InputEvent
    const f = limited(e.target)
    if (!f || !inputType.startsWith('insert') || inputType === 'insertCompositionText') return
    const text = data ?? dataTransfer?.getData('text') ?? ''
    if (text.length > room(f)) say(f.maxLength)
  }
  const began = (e: Event) => {
    const f = limited(e.target)
    left = f && room(f)
  }
  const composed = (e: Event) => {
    const f = limited(e.target)
    if (f && left !== undefined && ((e as CompositionEvent).data ?? '').length > left) say(f.maxLength)
    left = undefined
  }
  document.addEventListener('beforeinput', before)
  document.addEventListener('compositionstart', began)
  document.addEventListener('compositionend', composed)
  return () => {
    document.removeEventListener('beforeinput', before)
    document.removeEventListener('compositionstart', began)
    document.removeEventListener('compositionend', composed)
  }
}
