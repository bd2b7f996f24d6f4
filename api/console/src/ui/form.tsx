// The base of dialogs with fields: values, the limits of the API's document, saving, the gateway's
// errors at their fields, a choice about a colleague's changes, and (dialog.tsx) asking before
// input is lost.

import { Button, Group, Stack } from '@mantine/core'
import { useState, type ChangeEvent, type FormEvent, type ReactNode } from 'react'
import type { Fields } from '../api/change'
import limits from '../api/limits.json'
import { useT } from '../i18n'
import { FormTrouble } from './clash'
import { Dialog, type DialogProps } from './dialog'
import { fieldError, leaves, useDeed } from './kit'

type Field = HTMLInputElement | HTMLTextAreaElement

// The fields of V of type T.
type Of<V, T> = { [K in keyof V]: V[K] extends T ? K : never }[keyof V] & string

/** The API's request bodies with limits. */
export type Body = keyof typeof limits

/** The state of a form, and what it is saved with. */
export interface Form<V> {
  v: V
  set: (change: Partial<V>) => void
  base: Fields // initial state; updated by a colleague's change that was shown
  changed: boolean
  busy: boolean
  error: unknown
  run: <R>(deed: () => Promise<R>) => Promise<R | undefined>
  forgive: () => void // clears the error
  reset: () => void
  shown: Set<string> // fields that show their own errors
  said: (field: string) => string | undefined // the gateway's error for a field
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

/** A form with initial values. Its texts have the limits of body; changes are relative to base. */
export function useForm<V extends object>(
  body: Body | undefined,
  first: V | (() => V),
  base?: Fields,
): Form<V> {
  const [begun] = useState(first)
  const [v, setAll] = useState(begun)
  const [origin] = useState<Fields>(() => ({ ...(base ?? (begun as Fields)) }))
  const deed = useDeed()
  const shown = new Set<string>() // in this render
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
  save: () => Promise<unknown> // closes the dialog, unless it returns leaves
  deed?: string // label of the button
  danger?: boolean
  ready?: boolean // the input is complete
  other?: { deed: string; run: () => Promise<unknown> } // a second action, instead of Cancel
  theirs?: (field: string, now: unknown) => void // puts a colleague's value into the form
  trouble?: (error: unknown) => ReactNode // instead of FormTrouble
  beside?: ReactNode // further content outside of the form
  testid?: string
}

// The form value for a value that no longer exists.
function nothingLike(v: unknown): unknown {
  if (typeof v === 'boolean') return false
  if (Array.isArray(v)) return []
  return typeof v === 'object' ? {} : ''
}

/** A dialog with a form. */
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
