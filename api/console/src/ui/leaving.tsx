// A page of fields that are not saved yet: whoever leaves it (a link, going back, closing the tab)
// is asked first.

import { Button, Group, Modal } from '@mantine/core'
import { useContext, useEffect, useRef, useState } from 'react'
import { UNSAFE_NavigationContext } from 'react-router'
import { useT } from '../i18n'
import { useBackAsks } from './backasks'

/** Draw it in the page; while held, leaving asks. */
export function LeaveAsks({ held }: { held: boolean }) {
  const { t } = useT()
  const { navigator } = useContext(UNSAFE_NavigationContext)
  const [leave, setLeave] = useState<() => void>() // what was about to be done
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
      if (!path || path === window.location.pathname) return push(to, ...rest) // the same page goes on
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
    leave() // only now that nothing holds the page
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
