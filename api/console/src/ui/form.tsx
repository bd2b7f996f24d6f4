// Every dialog with fields: one place for what all of them do. The values, the limits of the API's
// document, saving, what the gateway says of a field at that field, a colleague's change with a choice,
// and (dialog.tsx) asking before what was typed is lost.

import { Button, Group, Stack } from '@mantine/core'
import { useState, type ChangeEvent, type FormEvent, type ReactNode } from 'react'
import type { Fields } from '../api/change'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { FormTrouble } from './clash'
import { Dialog, type DialogProps } from './dialog'
import { fieldError, leaves, useDeed } from './kit'

type Field = HTMLInputElement | HTMLTextAreaElement

// The fields of V that hold a T.
type Of<V, T> = { [K in keyof V]: V[K] extends T ? K : never }[keyof V] & string

/** The bodies of the API whose limits a form can have. */
export type Body = keyof typeof limits

/** What a form holds, and what it is saved with. */
export interface Form<V> {
  v: V
  set: (change: Partial<V>) => void
  base: Fields // what it began with; a colleague's change that was told moves it on
  changed: boolean
  busy: boolean
  error: unknown
  run: <R>(deed: () => Promise<R>) => Promise<R | undefined>
  forgive: () => void // forgets the error
  reset: () => void
  shown: Set<string> // the fields that show the gateway's words themselves
  said: (field: string) => string | undefined // the gateway's words for a field
  text: <K extends Of<V, string>>(field: K) => TextProps
  check: <K extends Of<V, boolean>>(field: K) => CheckProps
}

interface TextProps {
  value: string
  maxLength?: number
  error?: string
  onChange: (e: ChangeEvent<Field>) => void
}

interface CheckProps {
  checked: boolean
  onChange: (e: ChangeEvent<HTMLInputElement>) => void
}

/** A form that begins with first. Its texts have the limits of body; base is what a change is told from. */
export function useForm<V extends object>(
  body: Body | undefined,
  first: V | (() => V),
  base?: Fields,
): Form<V> {
  const [begun] = useState(first)
  const [v, setAll] = useState(begun)
  const [origin] = useState<Fields>(() => ({ ...(base ?? (begun as Fields)) }))
  const deed = useDeed()
  const shown = new Set<string>() // of this drawing
  const most: Record<string, number> = body ? limits[body] : {}
  const set = (change: Partial<V>) => setAll((now) => ({ ...now, ...change }))
  const said = (field: string) => {
    shown.add(field)
    return fieldError(deed.error, field)
  }
  return {
    v,
    set,
    base: origin,
    changed: JSON.stringify(v) !== JSON.stringify(begun),
    busy: deed.busy,
    error: deed.error,
    run: deed.run,
    forgive: deed.clear,
    reset: () => {
      setAll(begun)
      deed.clear()
    },
    shown,
    said,
    text: (field) => ({
      value: v[field] as string,
      maxLength: most[field],
      error: said(field),
      onChange: (e) => set({ [field]: e.currentTarget.value } as unknown as Partial<V>),
    }),
    check: (field) => ({
      checked: v[field] as boolean,
      onChange: (e) => set({ [field]: e.currentTarget.checked } as unknown as Partial<V>),
    }),
  }
}

interface Props<V extends object> extends Omit<DialogProps, 'opened' | 'unsaved'> {
  opened?: boolean
  form: Form<V>
  save: () => Promise<unknown> // closes the dialog, unless it answers leaves
  deed?: string // the word on the button
  danger?: boolean
  ready?: boolean // there is enough to save
  other?: { deed: string; run: () => Promise<unknown> } // a second deed, in the place of Cancel
  theirs?: (field: string, now: unknown) => void // puts a colleague's value into the form
  trouble?: (error: unknown) => ReactNode // in the place of FormTrouble
  beside?: ReactNode // what else belongs to the dialog, outside of its form
  testid?: string
}

// What stands in a form for a value that is not there any more.
function nothingLike(v: unknown): unknown {
  if (typeof v === 'boolean') return false
  if (Array.isArray(v)) return []
  return typeof v === 'object' ? {} : ''
}

/** The dialog of a form. */
export function FormDialog<V extends object>(p: Props<V>) {
  const { form, save, deed, danger, ready = true, other, theirs, trouble, beside, testid, ...dialog } = p
  const { children, opened = true, onClose, ...more } = dialog
  const { t } = useT()
  const run = (deed: () => Promise<unknown>) =>
    form.run(async () => {
      if ((await deed()) !== leaves) onClose()
    })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    void run(save)
  }
  const take = (field: string, now: unknown) =>
    form.set({ [field]: now ?? nothingLike(form.v[field as keyof V]) } as unknown as Partial<V>)
  return (
    <Dialog {...more} opened={opened} onClose={onClose} unsaved={form.changed}>
      <form onSubmit={submit}>
        <Stack>
          {children}
          {trouble ? (
            trouble(form.error)
          ) : (
            <FormTrouble error={form.error} onTheirs={theirs ?? take} beside={[...form.shown]} />
          )}
          <Group justify="flex-end">
            {other ? (
              <Button
                color="red"
                variant="light"
                loading={form.busy}
                disabled={!ready}
                onClick={() => void run(other.run)}>
                {other.deed}
              </Button>
            ) : (
              <Button variant="default" onClick={onClose}>
                {t('common.cancel')}
              </Button>
            )}
            <Button
              type="submit"
              data-testid={testid}
              loading={form.busy}
              color={danger ? 'red' : undefined}
              disabled={!ready}>
              {deed ?? t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
      {beside}
    </Dialog>
  )
}
