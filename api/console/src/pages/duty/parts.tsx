// A list within a form: its items in frames with their names, each to be deleted but the last one, and
// a button that adds one.

import { ActionIcon, Button, Group } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useT } from '../../i18n'

interface PartsProps<T> {
  all: T[]
  name: (n: number) => string // of the n-th, from 1
  add: string // the button's label
  fresh: () => T
  onChange: (all: T[]) => void
  children: (x: T, n: number, put: (c: Partial<T>) => void) => ReactNode
}

export function Parts<T extends object>({ all, name, add, fresh, onChange, children }: PartsProps<T>) {
  const { t } = useT()
  return (
    <>
      {all.map((x, n) => (
        <fieldset key={n} className="duty-line">
          <legend>
            {name(n + 1)}
            {all.length > 1 && (
              <ActionIcon
                size="sm"
                variant="subtle"
                color="red"
                aria-label={t('duty.deleteOne', { what: name(n + 1) })}
                onClick={() => onChange(without(all, n))}>
                <IconTrash size={14} />
              </ActionIcon>
            )}
          </legend>
          {children(x, n, (c) => onChange(all.map((y, i) => (i === n ? { ...y, ...c } : y))))}
        </fieldset>
      ))}
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...all, fresh()])}>
          {add}
        </Button>
      </Group>
    </>
  )
}

/** A list without its n-th item. */
export function without<T>(all: T[], n: number): T[] {
  return all.filter((_, i) => i !== n)
}
