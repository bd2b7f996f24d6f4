// A secret, a password or recovery codes, shown only once. Escape, the cross, going back and
// closing the tab ask first, until the user confirms that it is saved.

import { Alert, Button, Group, Modal, Stack, type ModalProps } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { useT } from '../i18n'
import { useBackAsks } from './backasks'

interface Props extends Omit<ModalProps, 'onClose'> {
  onClose: () => void
  kept?: boolean // the content has its own confirm button
  children: ReactNode
}

export function ShownOnce({ opened, onClose, kept, children, ...more }: Props) {
  const { t } = useT()
  const [asking, setAsking] = useState(false)
  useEffect(() => {
    if (!opened) return
    const ask = (e: BeforeUnloadEvent) => e.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [opened])
  useBackAsks(opened, () => setAsking(true))
  const done = () => {
    setAsking(false)
    onClose()
  }
  return (
    <Modal
      centered
      size="lg"
      {...more}
      opened={opened}
      onClose={() => setAsking(true)}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}>
      {asking && (
        <Alert
          color="orange"
          variant="light"
          mb="sm"
          role="alertdialog"
          aria-label={t('once.title')}
          title={t('once.title')}
          data-testid="once">
          <Group gap="xs">
            <Button size="xs" variant="default" autoFocus onClick={() => setAsking(false)}>
              {t('once.stay')}
            </Button>
            <Button size="xs" color="red" onClick={done}>
              {t('once.close')}
            </Button>
          </Group>
        </Alert>
      )}
      <Stack gap="sm">
        {children}
        {!kept && (
          <Group justify="flex-end">
            <Button onClick={done} data-testid="kept">
              {t('once.kept')}
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  )
}
