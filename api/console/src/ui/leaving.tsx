// Guards a page with unsaved fields: leaving it by a link, going back or closing the tab asks
// first.

import { Button, Group, Modal } from '@mantine/core'
import { useContext, useEffect, useRef, useState } from 'react'
import { UNSAFE_NavigationContext } from 'react-router'
import { useT } from '../i18n'
import { useBackAsks } from './backasks'

/** Render it in the page; while held, leaving asks. */
export function LeaveAsks({ held }: { held: boolean }) {
  const { t } = useT()
  const { navigator } = useContext(UNSAFE_NavigationContext)
  const [leave, setLeave] = useState<() => void>() // the navigation to be confirmed
  const [going, setGoing] = useState(false)
  const on = held && !going
  const ask = (deed: () => void) => setLeave(() => deed)
  useBackAsks(on, () => ask(() => window.history.back()))
  const asking = useRef(ask)
  asking.current = ask
  useEffect(() => {
    if (!on) return
    const { push } = navigator
    navigator.push = (to, ...rest) => {
      const path = typeof to === 'string' ? to.split(/[?#]/)[0] : to.pathname
      if (!path || path === window.location.pathname) return push(to, ...rest) // it stays on the same page
      asking.current(() => push(to, ...rest))
    }
    const close = (e: BeforeUnloadEvent) => e.preventDefault()
    window.addEventListener('beforeunload', close)
    return () => {
      navigator.push = push
      window.removeEventListener('beforeunload', close)
    }
  }, [on, navigator])
  useEffect(() => {
    if (!going || !leave) return
    leave() // after the guard is released
    setLeave(undefined)
    setGoing(false)
  }, [going, leave])
  return (
    <Modal
      opened={!!leave && !going}
      onClose={() => setLeave(undefined)}
      title={t('dialog.discardTitle')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
      data-testid="leaving">
      <Group justify="flex-end">
        <Button variant="default" data-autofocus onClick={() => setLeave(undefined)}>
          {t('dialog.keep')}
        </Button>
        <Button color="red" onClick={() => setGoing(true)}>
          {t('dialog.discard')}
        </Button>
      </Group>
    </Modal>
  )
}
