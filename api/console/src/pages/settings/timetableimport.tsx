// A term's timetable from a file: what it says is shown, with what is wrong by line, before it is kept.

import { Alert, Button, FileButton, Select, SimpleGrid, Switch, Text, TextInput } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call } from '../../api/client'
import type { TimetableImport } from '../../api/types'
import { useT } from '../../i18n'
import { Ask } from '../../ui/ask'
import { errorText } from '../../ui/kit'

interface Choices {
  from: string
  to: string
  columns: string[]
  skip: boolean
}

const workbook = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const fields = ['-', 'class', 'weekday', 'period', 'subject', 'teacher', 'room', 'weeks']
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

export function ImportTimetable({ school }: { school: string }) {
  const { t } = useT()
  const cache = useQueryClient()
  const reset = useRef<() => void>(null) // a file that was mended is chosen by the same name
  const [file, setFile] = useState<File>()
  const [read, setRead] = useState<TimetableImport>()
  const [error, setError] = useState<unknown>()
  const [v, setV] = useState<Choices>({ from: '', to: '', columns: [], skip: false })
  const send = (of: File, c: Choices, keep: boolean) =>
    call('/v1/timetable/import', {
      method: 'POST',
      query: {
        school,
        keep,
        skip: c.skip,
        from: c.from || undefined,
        to: c.to || undefined,
        columns: c.columns.join(',') || undefined,
      },
      body: new Blob([of]),
      type: of.name.endsWith('.xlsx') ? workbook : 'text/csv',
    })
  const look = async (of: File, c: Choices) => {
    setV(c)
    setError(undefined)
    try {
      setRead(await send(of, c, false))
    } catch (e) {
      setError(e)
    }
  }
  const choose = async (chosen: File | null) => {
    if (!chosen) return
    reset.current?.()
    setFile(chosen)
    await look(chosen, { from: '', to: '', columns: [], skip: false })
  }
  const again = (c: Partial<Choices>) => file && void look(file, { ...v, ...c })
  const blocked = !read || read.lessons === 0 || (read.errors > 0 && !v.skip)
  return (
    <>
      <FileButton resetRef={reset} accept=".xlsx,.csv,text/csv" onChange={(x) => void choose(x)}>
        {(props) => (
          <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={15} aria-hidden />}>
            {t('timetable.import')}
          </Button>
        )}
      </FileButton>
      {error !== undefined && !read && (
        <Text size="xs" c="red" role="alert">
          {errorText(error, t)}
        </Text>
      )}
      <Ask
        opened={!!read}
        onClose={() => setRead(undefined)}
        title={t('calendar.importTitle', { file: file?.name ?? '' })}
        deed={t('timetable.importKeep', { count: read?.lessons ?? 0 })}
        over={blocked}
        onDo={async () => {
          await send(file!, v, true)
          await cache.invalidateQueries({ queryKey: ['timetable'] })
        }}>
        {read && (
          <>
            <SimpleGrid cols={2}>
              <TextInput
                type="date"
                label={t('calendar.from')}
                value={v.from || read.from}
                onChange={(e) => again({ from: e.currentTarget.value })}
              />
              <TextInput
                type="date"
                label={t('calendar.to')}
                description={read.to ? '' : t('timetable.noEnd')}
                value={v.to || read.to || ''}
                onChange={(e) => again({ to: e.currentTarget.value })}
              />
            </SimpleGrid>
            {error !== undefined && (
              <Text size="sm" c="red" role="alert">
                {errorText(error, t)}
              </Text>
            )}
            <Text size="sm" data-testid="plan">
              {t('timetable.plan', {
                lessons: read.lessons,
                classes: read.classes.length,
                new: read.plan.new,
                changed: read.plan.changed,
                same: read.plan.same,
                ended: read.plan.ended,
              })}
            </Text>
            {!!read.columns.length && (
              <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs">
                {read.columns.map((c, i) => (
                  <Select
                    key={i}
                    size="xs"
                    label={c.heading || t('timetable.nthColumn', { n: i + 1 })}
                    allowDeselect={false}
                    value={c.field}
                    data={[
                      ...fields.map((x) => ({
                        value: x,
                        label: t('timetableColumn.' + (x === '-' ? 'none' : x)),
                      })),
                      ...days.map((x) => ({ value: x, label: t('duty.weekday.' + x) })),
                    ]}
                    onChange={(x) =>
                      again({ columns: read.columns.map((y, k) => (k === i ? (x ?? '-') : y.field)) })
                    }
                  />
                ))}
              </SimpleGrid>
            )}
            {!!read.problems.length && (
              <Alert
                color={read.errors ? 'red' : 'yellow'}
                title={t('timetable.problems', { count: read.problems.length + read.more_problems })}>
                <ul className="calendar-import">
                  {read.problems.map((x, i) => (
                    <li key={i} data-note={x.note}>
                      {x.line > 0 && t('timetable.inLine', { line: x.line })} {x.text}
                    </li>
                  ))}
                </ul>
              </Alert>
            )}
            {read.errors > 0 && read.problems.some((x) => x.line > 0 && !x.note) && (
              <Switch
                label={t('timetable.skip')}
                checked={v.skip}
                onChange={(e) => again({ skip: e.currentTarget.checked })}
              />
            )}
          </>
        )}
      </Ask>
    </>
  )
}
