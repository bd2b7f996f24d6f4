// The field of each column of an import, questions about values that a spreadsheet has changed, and
// the first rows as they will be written.

import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { importFields, type ImportRemark, type ImportReport } from '../api/types'
import { useT } from '../i18n'
import { Panel, Rows } from '../ui/kit'

export function ImportColumns({
  report,
  onChange,
}: {
  report: ImportReport
  onChange: (columns: string[]) => void
}) {
  const { t } = useT()
  const fields = report.columns.map((c) => c.field)
  const put = (i: number, field: string) =>
    onChange(fields.map((f, n) => (n === i ? field : f === field && field !== '-' ? '-' : f)))
  return (
    <Panel
      flush
      title={t('import.columns')}
      actions={
        <Text size="sm" c="dimmed">
          {t('importMapping.' + report.mapping)}
        </Text>
      }>
      <Rows
        label={t('import.columns')}
        rows={report.columns.map((c, i) => ({ ...c, i }))}
        id={(c) => c.i}
        columns={[
          {
            key: 'heading',
            label: t('import.heading'),
            main: true,
            cell: (c) => c.heading || t('import.noHeading', { n: c.i + 1 }),
          },
          {
            key: 'field',
            label: t('import.readAs'),
            cell: (c) => (
              <Select
                size="xs"
                maw={240}
                allowDeselect={false}
                value={c.field}
                aria-label={`${t('import.readAs')}: ${c.heading || c.i + 1}`}
                onChange={(v) => v && put(c.i, v)}
                data={[
                  { value: '-', label: t('import.ignore') },
                  ...importFields.map((f) => ({ value: f, label: t('importField.' + f) })),
                ]}
              />
            ),
          },
          {
            key: 'samples',
            label: t('import.samples'),
            cell: (c) => (
              <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                {c.samples.join(' · ')}
              </Text>
            ),
          },
        ]}
      />
    </Panel>
  )
}

/** The first rows, field by field, as they will be written. */
export function FirstRows({ report }: { report: ImportReport }) {
  const { t } = useT()
  const rows = report.lines.filter((l) => l.values).slice(0, 5)
  const used = importFields.filter((f) => rows.some((l) => l.values?.[f]))
  const word = (f: string, v: string) =>
    f === 'kind'
      ? t('personKind.' + v)
      : f === 'boarder' || f === 'face_consent'
        ? t(v === 'yes' ? 'common.yes' : 'common.no')
        : v
  return (
    <Panel flush title={t('import.firstRows')}>
      <Rows
        label={t('import.firstRows')}
        rows={rows}
        id={(l) => l.line ?? 0}
        columns={[
          { key: 'line', label: t('import.line'), right: true, cell: (l) => l.line },
          ...used.map((f) => ({
            key: f,
            label: t('importField.' + f),
            main: f === 'name',
            cell: (l: ImportReport['lines'][number]) => (l.values?.[f] ? word(f, l.values[f]) : '–'),
          })),
        ]}
      />
    </Panel>
  )
}

/** Asks about values that can be read in two ways. */
export function Questions({
  report,
  accept,
  onChange,
}: {
  report: ImportReport
  accept: string[]
  onChange: (accept: string[]) => void
}) {
  const { t } = useT()
  const all = report.lines.flatMap((l) => l.problems)
  const find = (codes: string[]): ImportRemark[] => all.filter((p) => codes.includes(p.code))
  const classes = find(['class_date', 'class_mended'])
  const zeros = find(['zeros_lost', 'zeros_lost_known', 'zeros_added'])
  const kept = accept.includes('zeros_ok')
  if (classes.length === 0 && zeros.length === 0 && !kept) return null
  const answer = (group: string[], code: string) =>
    onChange([...accept.filter((a) => !group.includes(a)), ...(code ? [code] : [])])
  return (
    <Stack gap="sm">
      <Text fw={600} size="sm">
        {t('import.questions')}
      </Text>
      {classes.length > 0 && (
        <Question
          text={t('import.askClass', { n: classes.length, read: classes[0].read ?? '' })}
          value={accept.find((a) => a.startsWith('class_')) ?? ''}
          onChange={(v) => answer(['class_date', 'class_date_dm'], v)}
          choices={[
            { value: 'class_date', label: t('import.classMD', { guess: guessOf(classes[0], accept) }) },
            {
              value: 'class_date_dm',
              label: t('import.classDM', { guess: turned(guessOf(classes[0], accept)) }),
            },
            { value: '', label: t('import.notYet') },
          ]}
        />
      )}
      {(zeros.length > 0 || kept) && (
        <Question
          text={t('import.askZeros', { n: zeros.length || '', read: zeros[0]?.read ?? '…' })}
          value={accept.find((a) => a.startsWith('zeros_')) ?? ''}
          onChange={(v) => answer(['zeros_lost', 'zeros_ok'], v)}
          choices={[
            { value: 'zeros_lost', label: t('import.zerosPad', { guess: zeros[0]?.params?.guess ?? '…' }) },
            { value: 'zeros_ok', label: t('import.zerosKeep', { read: zeros[0]?.read ?? '…' }) },
            { value: '', label: t('import.notYet') },
          ]}
        />
      )}
    </Stack>
  )
}

const turned = (guess: string) => guess.split('-').reverse().join('-')

// With day-month as the answer, the gateway's guess is reversed.
function guessOf(p: ImportRemark, accept: string[]): string {
  const guess = p.params?.guess ?? ''
  return p.code === 'class_mended' && accept.includes('class_date_dm') ? turned(guess) : guess
}

function Question({
  text,
  value,
  choices,
  onChange,
}: {
  text: string
  value: string
  choices: { value: string; label: string }[]
  onChange: (v: string) => void
}) {
  return (
    <Stack gap={6} role="group" aria-label={text}>
      <Text size="sm">{text}</Text>
      <Group gap="xs">
        {choices.map((c) => (
          <Button
            key={c.value}
            size="xs"
            variant={c.value === value ? 'filled' : 'default'}
            aria-pressed={c.value === value}
            onClick={() => onChange(c.value)}>
            {c.label}
          </Button>
        ))}
      </Group>
    </Stack>
  )
}
