// The gateway's questions before it enrols a face, with their answers.

import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { APIError, type Question } from '../api/client'
import { useT } from '../i18n'

/** The questions of an error, if any. */
export function questionsOf(error: unknown): Question[] {
  return error instanceof APIError && error.code === 'confirm' ? error.questions : []
}

export function FaceAsks({
  questions,
  onAnswer,
  onClose,
  busy,
}: {
  questions: Question[]
  onAnswer: (answers: string[]) => void
  onClose: () => void
  busy: boolean
}) {
  const { t } = useT()
  const [given, setGiven] = useState<string[]>([])
  const q = questions[given.length]
  const answer = (a: string) => {
    const all = [...given, a]
    if (all.length < questions.length) return setGiven(all)
    setGiven([])
    onAnswer(all)
  }
  const close = () => {
    setGiven([])
    onClose()
  }
  return (
    <Modal
      opened={!!q}
      onClose={close}
      title={t('faceAsk.title')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}>
      {q && (
        <Stack data-testid="faceasks">
          <Text size="sm">{t('faceAsk.' + q.ask, { name: q.name || q.person || '' })}</Text>
          <Text size="xs" c="dimmed">
            {t('faceAsk.kept')}
          </Text>
          <Group>
            {q.answers.map((a) => (
              <Button key={a} variant="default" loading={busy} onClick={() => answer(a)}>
                {t('faceAsk.answer.' + a)}
              </Button>
            ))}
            <Button onClick={close}>{t('faceAsk.stop')}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
