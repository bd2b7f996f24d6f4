// The base of dialogs with a form. Input is not lost by Escape, a click outside, going back or
// closing the tab, which ask first, nor by a colleague's change, which is shown while the dialog
// stays open.

import { Alert, Button, Group, Modal, type ModalProps } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useT } from '../i18n'
import { differences, type Fields } from '../api/change'
import { useBackAsks } from './backasks'
import { useWords } from './words'

export interface DialogProps extends Omit<ModalProps, 'onClose'> {
  onClose: () => void
  subject?: Fields // current state of the dialog's subject: changes are shown
  gone?: boolean // it no longer exists
  unsaved?: boolean // there are choices, besides typed text, to lose
  children: ReactNode
}

export function Dialog({ onClose, subject, gone, unsaved, children, opened, ...more }: DialogProps) {
  const { t } = useT()
  const words = useWords()
  const [typed, setTyped] = useState(false)
  const [asking, setAsking] = useState(false)
  const held = opened && (typed || !!unsaved)
  const then = useRef<Fields>(undefined)
  if (!opened) then.current = undefined
  else if (!then.current) then.current = subject
  useEffect(() => {
    if (opened) return
    setTyped(false)
    setAsking(false)
  }, [opened])
  useEffect(() => {
    if (!held) return
    const ask = (e: BeforeUnloadEvent) => e.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [held])
  useBackAsks(held, () => setAsking(true))
  const changes = opened && then.current && subject ? differences(then.current, subject, words) : []
  return (
    <Modal
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
      {...more}
      opened={opened}
      onClose={() => (held ? setAsking(true) : onClose())}>
      <div onInput={() => setTyped(true)}>
        {gone && (
          <Alert color="orange" variant="light" mb="sm" role="alert">
            {t('dialog.gone')}
          </Alert>
        )}
        {!gone && changes.length > 0 && (
          <Alert color="orange" variant="light" mb="sm" role="alert" data-testid="changed">
            {t('dialog.changed')} {changes.join(' · ')}
          </Alert>
        )}
        {asking && (
          <Alert
            color="orange"
            variant="light"
            mb="sm"
            role="alertdialog"
            aria-label={t('dialog.discardTitle')}
            title={t('dialog.discardTitle')}
            data-testid="discard">
            <Group gap="xs">
              <Button size="xs" variant="default" autoFocus onClick={() => setAsking(false)}>
                {t('dialog.keep')}
              </Button>
              <Button size="xs" color="red" onClick={onClose}>
                {t('dialog.discard')}
              </Button>
            </Group>
          </Alert>
        )}
        {children}
      </div>
    </Modal>
  )
}

/**
 * The subject of a dialog. When a colleague's change removes it from the list, the last state is
 * kept while the ID stays the same, and `gone` is set.
 */
export function useSubject<R>(id: string, now: R | undefined): { subject?: R; gone: boolean } {
  const kept = useRef<{ id: string; subject: R }>(undefined)
  if (now !== undefined && id) kept.current = { id, subject: now }
  else if (kept.current?.id !== id) kept.current = undefined
  return { subject: kept.current?.subject, gone: kept.current !== undefined && now === undefined }
}
