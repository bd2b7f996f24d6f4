// Imports people from CSV: first a dry run that says what each line would do, then the deed.

import { Alert, Button, FileInput, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { call, query } from '../api/client'
import type { ImportLine, ImportReport } from '../api/types'
import { useT } from '../i18n'
import { useSchoolParam } from '../session'
import { Copyable, Page, Panel, Rows, Tag, Trouble, useDeed, type Tone } from '../ui/kit'

const tone: Record<ImportLine['action'], Tone> = { create: 'green', update: 'blue', same: 'gray', error: 'red' }
const sample = 'kind,number,name,class,boarder,phone,card,face_consent\nstudent,2026-0142,Li Ming,7-2,no,,0009981234,yes\nstaff,T-017,Wang Fang,,,13800000000,,no\n'

export function ImportPage() {
  const { t } = useT()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [report, setReport] = useState<ImportReport>()
  const [show, setShow] = useState('all')
  const deed = useDeed()
  const run = (dry: boolean) =>
    deed.run(async () => {
      if (!file) return
      const r = await call<ImportReport>('/v1/people/import' + query({ dry_run: dry, school }), { method: 'POST', body: new Blob([await file.arrayBuffer()]), type: 'text/csv' })
      setReport(r)
      setShow(r.errors > 0 ? 'error' : 'all')
      if (r.applied) void cache.invalidateQueries({ queryKey: ['people'] })
    })
  const lines = (report?.lines ?? []).filter((l) => show === 'all' || l.action === show)
  return (
    <Page title={t('import.title')} sub={t('import.sub')} actions={<Button component={Link} to="/people" variant="default">{t('import.back')}</Button>}>
      <Panel title={t('import.file')}>
        <Stack maw={760}>
          <Text size="sm">{t('import.columns')}</Text>
          <Copyable text={sample} label={t('import.sample')} />
          <FileInput label={t('import.choose')} accept=".csv,text/csv,text/plain" clearable value={file} placeholder={t('import.placeholder')}
            clearButtonProps={{ 'aria-label': t('common.remove') }} onChange={(f) => (setFile(f), setReport(undefined), deed.clear())} />
          <Group>
            <Button disabled={!file} loading={deed.busy && !report} variant={report && !report.applied && report.errors === 0 ? 'default' : 'filled'} onClick={() => void run(true)}>{t('import.dry')}</Button>
            {report && !report.applied && report.errors === 0 && <Button loading={deed.busy} onClick={() => void run(false)} data-testid="apply">{t('import.apply', { n: report.created + report.updated })}</Button>}
          </Group>
          {deed.error !== undefined && <Trouble error={deed.error} />}
        </Stack>
      </Panel>
      {report && (
        <Panel flush title={report.applied ? t('import.done') : t('import.would')} actions={
          <SegmentedControl size="xs" value={show} onChange={setShow} aria-label={t('import.show')} data={[
            { value: 'all', label: t('import.all') },
            { value: 'error', label: t('import.errors', { n: report.errors }) },
            { value: 'create', label: t('import.created', { n: report.created }) },
            { value: 'update', label: t('import.updated', { n: report.updated }) },
          ]} />
        }>
          {report.errors > 0 && <Alert color="red" variant="light" m="sm"><Text size="sm">{t('import.nothing', { count: report.errors })}</Text></Alert>}
          {report.applied && <Alert color="green" variant="light" m="sm"><Text size="sm">{t('import.applied', { created: report.created, updated: report.updated, same: report.same })}</Text></Alert>}
          <Rows label={t('import.lines')} rows={lines.slice(0, 500)} id={(l) => `${l.line}-${l.action}-${l.field ?? ''}`} columns={[
            { key: 'line', label: t('import.line'), right: true, cell: (l) => l.line },
            { key: 'action', label: t('import.action'), cell: (l) => <Tag tone={tone[l.action]}>{t('importAction.' + l.action)}</Tag> },
            { key: 'name', label: t('people.name'), main: true, cell: (l) => l.name || '–' },
            { key: 'number', label: t('people.number'), cell: (l) => l.number || '–' },
            { key: 'error', label: t('import.note'), cell: (l) => (l.error ? <span>{l.field && <b>{l.field}: </b>}{l.error}</span> : l.note || '') },
          ]} />
          {lines.length > 500 && <Text size="sm" p="sm" c="dimmed">{t('import.more', { n: lines.length - 500 })}</Text>}
          {lines.length === 0 && <Text size="sm" p="sm" c="dimmed">{t('import.noLines')}</Text>}
        </Panel>
      )}
    </Page>
  )
}
