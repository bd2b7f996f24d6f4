// The session has expired during work: after signing in again the same page continues, with its
// input. Until then the page is hidden.

import { Button, Modal, Stack, Text } from '@mantine/core'
import { useT } from '../i18n'
import type { Me } from '../api/types'
import { SignInForm } from './gate'

export function SignInAgain({
  name,
  onDone,
  onLeave,
}: {
  name: string
  onDone: (m?: Me) => void
  onLeave: () => void
}) {
  const { t } = useT()
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      centered
      title={t('gate.again')}
      zIndex={10000}
      overlayProps={{ backgroundOpacity: 0.9, blur: 14 }}>
      <Stack data-testid="signinagain">
        <Text size="sm">{t('gate.againText')}</Text>
        <SignInForm onDone={onDone} first={name} />
        <Button variant="subtle" size="compact-sm" onClick={onLeave}>
          {t('gate.leave')}
        </Button>
      </Stack>
    </Modal>
  )
}
