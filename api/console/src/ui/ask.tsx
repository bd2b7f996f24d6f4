// Asks for confirmation, optionally with a comment. On failure it stays open and shows the error.

import { Alert, Text, Textarea } from '@mantine/core'
import { useLayoutEffect, type ReactNode } from 'react'
import { Clashes, type Fields } from '../api/change'
import { useT } from '../i18n'
import { FormDialog, useForm } from './form'
import { Trouble } from './kit'
import { useWords } from './words'

interface Props {
  opened: boolean
  title: string
  text?: ReactNode
  deed: string
  danger?: boolean
  comment?: { label: string; required?: boolean; most?: number } // most: characters
  onDo: (comment: string) => Promise<unknown>
  onClose: () => void
  children?: ReactNode
  subject?: Fields // changes of it meanwhile are shown
  gone?: boolean
  over?: boolean // somebody has done it already
}

export function Ask(p: Props) {
  const form = useForm(undefined, { comment: '' })
  const comment = form.v.comment.trim()
  const { reset } = form
  // Before anything can be typed: a dialog that still closes has its fields on the screen.
  useLayoutEffect(() => {
    if (p.opened) reset()
  }, [p.opened])
  return (
    <FormDialog
      form={form}
      opened={p.opened}
      onClose={p.onClose}
      title={p.title}
      subject={p.subject}
      gone={p.gone}
      deed={p.deed}
      danger={p.danger}
      ready={!p.over && !(p.comment?.required && !comment)}
      save={() => p.onDo(comment)}
      trouble={(e) =>
        e instanceof Clashes ? <Told clashes={e} /> : e !== undefined && <Trouble error={e} />
      }
      testid="do">
      {p.text && (
        <Text size="sm" component="div">
          {p.text}
        </Text>
      )}
      {p.children}
      {p.comment && (
        <Textarea
          label={p.comment.label}
          required={p.comment.required}
          autosize
          minRows={3}
          data-autofocus
          {...form.text('comment')}
          maxLength={p.comment.most ?? 1000}
        />
      )}
    </FormDialog>
  )
}

/** A colleague's changes of the subject of the action. */
function Told({ clashes }: { clashes: Clashes }) {
  const { t } = useT()
  const words = useWords()
  return (
    <Alert color="orange" variant="light" role="alert" title={t('clash.removeTitle')} data-testid="clash">
      {clashes.clashes.map((c) => (
        <Text key={c.field} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {words.label(c.field)}: {words.value(c.was)} → {words.value(c.now)}
        </Text>
      ))}
      <Text size="sm" mt={4}>
        {t('clash.removeThen')}
      </Text>
    </Alert>
  )
}
