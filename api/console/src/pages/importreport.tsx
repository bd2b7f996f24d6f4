// The result or preview of an import, row by row, with problems in the user's language.

import { Alert, Button, List, NumberInput, SegmentedControl, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { ImportAction, ImportLine, ImportRemark, ImportReport } from '../api/types'
import { useT, type T } from '../i18n'
import { Panel, Rows, Tag, type Tone } from '../ui/kit'

const tone: Record<ImportAction, Tone> = {
  create: 'green',
  update: 'blue',
  same: 'gray',
  skip: 'orange',
  error: 'red',
  leave: 'violet',
}

/** One problem in words; English if the console does not know its code. */
export function remarkText(p: ImportRemark, t: T): string {
  const key = 'importCode.' + p.code
  const text = t(key, {
    ...p.params,
    count: Number(p.params?.n ?? 0),
    read: p.read ?? '',
    line: p.line ?? '',
    heading: p.heading || t('import.noHeading', { n: p.column ?? '' }),
    field: p.field ? t('importField.' + p.field) : '',
  })
  return text === key ? p.message : text
}

/** The problems of the file as a whole, blocking ones first. */
export function Remarks({ remarks }: { remarks: ImportRemark[] }) {
  const { t } = useT()
  const stops = remarks.filter((p) => !p.note)
  const notes = remarks.filter((p) => p.note)
  const list = (all: ImportRemark[]) => (
    <List size="sm" spacing={2}>
      {all.slice(0, 30).map((p, i) => (
        <List.Item key={i}>{remarkText(p, t)}</List.Item>
      ))}
    </List>
  )
  return (
    <>
      {stops.length > 0 && (
        <Alert color="red" variant="light" role="alert">
          {list(stops)}
        </Alert>
      )}
      {notes.length > 0 && (
        <Alert color="blue" variant="light">
          {list(notes)}
        </Alert>
      )}
    </>
  )
}

export function ImportResult({
  report: r,
  busy,
  onApply,
}: {
  report: ImportReport
  busy: boolean
  onApply: (confirm?: number) => void
}) {
  const { t } = useT()
  const [show, setShow] = useState<string>(
    r.errors > 0 && !r.applied ? 'error' : r.leaving.length > 0 ? 'leave' : 'all',
  )
  const all: ImportLine[] = [...r.lines, ...r.leaving]
  const lines = all.filter((l) => show === 'all' || l.action === show)
  const counts: [ImportAction, number, string][] = [
    ['error', r.errors, 'import.errors'],
    ['create', r.created, 'import.created'],
    ['update', r.updated, 'import.updated'],
    ['leave', r.leaving.length, 'import.leaving'],
    ['skip', r.skipped, 'import.skipped'],
    ['same', r.same, 'import.same'],
  ]
  return (
    <Panel
      flush
      title={r.applied ? t('import.done') : t('import.would')}
      actions={
        <div className="import-show">
          <SegmentedControl
            size="xs"
            value={show}
            onChange={setShow}
            aria-label={t('import.show')}
            data={[
              { value: 'all', label: t('import.all') },
              ...counts.filter(([, n]) => n > 0).map(([a, n, key]) => ({ value: a, label: t(key, { n }) })),
            ]}
          />
        </div>
      }>
      <Stack gap="sm" p="sm">
        {r.applied && (
          <Alert color="green" variant="light" role="status">
            {t('import.applied', {
              created: r.created,
              updated: r.updated,
              same: r.same,
              skipped: r.skipped,
              leaving: r.leaving.length,
            })}
          </Alert>
        )}
        {!r.applied && r.errors > 0 && (
          <Alert color="red" variant="light">
            {t('import.nothing', { count: r.errors })}
          </Alert>
        )}
        {!r.applied && r.skipped > 0 && (
          <Alert color="orange" variant="light">
            {t('import.skippedWarn', { count: r.skipped })}
          </Alert>
        )}
        {!r.applied && !!r.unnumbered && (
          <Alert color="blue" variant="light">
            {t('import.unnumbered', { count: r.unnumbered })}
          </Alert>
        )}
        {!r.applied && <Deed r={r} busy={busy} onApply={onApply} />}
      </Stack>
      <Rows
        label={t('import.lines')}
        rows={lines.slice(0, 500).map((l, i) => ({ l, i }))}
        id={(x) => x.i}
        columns={[
          { key: 'line', label: t('import.line'), right: true, cell: (x) => x.l.line || '–' },
          {
            key: 'action',
            label: t('import.action'),
            cell: (x) => <Tag tone={tone[x.l.action]}>{t('importAction.' + x.l.action)}</Tag>,
          },
          { key: 'name', label: t('people.name'), main: true, cell: (x) => x.l.name || '–' },
          { key: 'number', label: t('people.number'), cell: (x) => x.l.number || '–' },
          { key: 'class', label: t('people.class'), cell: (x) => x.l.class || '–' },
          { key: 'note', label: t('import.note'), cell: (x) => <Why line={x.l} /> },
        ]}
      />
      {lines.length > 500 && (
        <Text size="sm" p="sm" c="dimmed">
          {t('import.more', { n: lines.length - 500 })}
        </Text>
      )}
      {lines.length === 0 && (
        <Text size="sm" p="sm" c="dimmed">
          {t('import.noLines')}
        </Text>
      )}
    </Panel>
  )
}

/** The import button; it asks for confirmation if many people would change. */
function Deed({ r, busy, onApply }: { r: ImportReport; busy: boolean; onApply: (confirm?: number) => void }) {
  const { t } = useT()
  const [typed, setTyped] = useState<number | string>('')
  if (r.errors > 0 || r.problems.some((p) => !p.note)) return null
  const leaving = r.leaving.length
  if (r.created + r.updated + leaving === 0) return <Text size="sm">{t('import.nothingToDo')}</Text>
  const label = t(leaving > 0 ? 'import.applyLeaving' : 'import.apply', {
    created: r.created,
    updated: r.updated,
    leaving,
  })
  const held = r.brake.needed && Number(typed) !== r.brake.affected
  return (
    <Stack gap="sm" align="flex-start">
      {r.brake.needed && (
        <Alert
          color="orange"
          variant="light"
          role="alert"
          title={t('import.brake', { n: r.brake.affected, of: r.brake.of })}>
          <NumberInput
            label={t('import.brakeLabel')}
            description={t('import.brakeHelp', { n: r.brake.affected })}
            value={typed}
            onChange={setTyped}
            maw={320}
            min={0}
            allowDecimal={false}
            hideControls
            data-testid="brake"
          />
        </Alert>
      )}
      <Button
        loading={busy}
        disabled={held}
        color={r.brake.needed ? 'red' : undefined}
        onClick={() => onApply(r.brake.needed ? r.brake.affected : undefined)}
        data-testid="apply"
        style={{ height: 'auto', minHeight: 36 }}
        styles={{ label: { whiteSpace: 'normal', padding: '6px 0' } }}>
        {label}
      </Button>
    </Stack>
  )
}

function Why({ line }: { line: ImportLine }) {
  const { t } = useT()
  const word = (field: string, s: string) =>
    s === ''
      ? t('import.nothingThere')
      : field === 'kind'
        ? t('personKind.' + s)
        : s === 'yes'
          ? t('common.yes')
          : s === 'no'
            ? t('common.no')
            : s
  return (
    <Stack gap={2}>
      {line.changes.map((c) => (
        <Text size="sm" key={c.field}>
          {t('import.change', {
            field: t('importField.' + c.field),
            from: word(c.field, c.from),
            to: word(c.field, c.to),
          })}
        </Text>
      ))}
      {line.problems.map((p, i) => (
        <Text size="sm" key={i} c={p.note ? 'dimmed' : undefined}>
          {p.column ? <b>{p.heading || t('import.noHeading', { n: p.column })}: </b> : null}
          {remarkText(p, t)}
        </Text>
      ))}
    </Stack>
  )
}
