// Imports people from a workbook or CSV: file, options, preview, import. Every option requests a
// new preview; what is imported is exactly the last preview.

import {
  Alert,
  Button,
  FileInput,
  NumberInput,
  Progress,
  Select,
  SimpleGrid,
  Stack,
  Text,
} from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import { APIError, call, query } from '../api/client'
import { importModes, personKinds, type ImportMode, type ImportReport } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useNow, useSchoolParam } from '../session'
import { Page, Panel, Trouble } from '../ui/kit'
import { FirstRows, ImportColumns, Questions } from './importcolumns'
import { ImportResult, Remarks } from './importreport'

export interface Choices {
  kind: string
  mode: ImportMode
  empty: 'leave' | 'clear'
  bad: 'refuse' | 'skip'
  encoding: string
  sheet: string
  heading_line: number // 0: detect, -1: none
  columns?: string[]
  accept: string[]
}

const first: Choices = {
  kind: '',
  mode: 'merge',
  empty: 'leave',
  bad: 'refuse',
  encoding: '',
  sheet: '',
  heading_line: 0,
  accept: [],
}
const workbook = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

function address(c: Choices, more: Record<string, string | number | undefined>): string {
  return query({
    kind: c.kind,
    mode: c.mode,
    empty: c.empty,
    bad: c.bad,
    encoding: c.encoding,
    sheet: c.sheet,
    heading_line: c.heading_line || undefined,
    columns: c.columns?.join(','),
    accept: c.accept.join(','),
    ...more,
  })
}

export function ImportPage() {
  const { t } = useT()
  const school = useSchoolParam()
  const cache = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [c, setC] = useState<Choices>(first)
  const [report, setReport] = useState<ImportReport>()
  const [error, setError] = useState<unknown>()
  const [stale, setStale] = useState(false)
  const [busy, setBusy] = useState<'' | 'reading' | 'writing'>('')
  const [again, setAgain] = useState(0)
  const [name, setName] = useState('') // ID by which the gateway reports progress
  const send = async (path: string, signal?: AbortSignal) => {
    const mine = crypto.getRandomValues(new Uint32Array(2)).join('-')
    setName(mine)
    return call(`${path}&progress=${mine}`, {
      method: 'POST',
      body: new Blob([await file!.arrayBuffer()]),
      type: file!.name.endsWith('.xlsx') ? workbook : 'text/csv',
      signal,
    })
  }

  useEffect(() => {
    if (!file) return
    if (file.size === 0) return setError(new Error(t('importCode.file_empty'))) // an empty body cannot be sent
    const stop = new AbortController()
    setBusy('reading')
    send('/v1/people/import/preview' + address(c, { school }), stop.signal)
      .then((r) => (setReport(r), setError(undefined)))
      .catch((e: unknown) => {
        if (!stop.signal.aborted) setError(e)
      })
      .finally(() => {
        if (!stop.signal.aborted) setBusy('')
      })
    return () => stop.abort()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [file, c, school, again])

  const choose = (change: Partial<Choices>) => (setStale(false), setC({ ...c, ...change }))
  const apply = async (confirm: number | undefined) => {
    setBusy('writing')
    setError(undefined)
    setStale(false)
    try {
      setReport(await send('/v1/people/import' + address(c, { school, token: report?.token, confirm })))
      void cache.invalidateQueries({ queryKey: ['people'] })
    } catch (e) {
      if (e instanceof APIError && e.status === 409) {
        setStale(true)
        setAgain(again + 1)
      } else {
        setError(e)
      }
    } finally {
      setBusy('')
    }
  }
  const start = (f: File | null) => {
    setFile(f)
    setReport(undefined)
    setError(undefined)
    setStale(false)
    setC({ ...first, kind: c.kind, mode: c.mode })
  }
  const done = report?.applied
  return (
    <Page
      title={t('import.title')}
      sub={t('import.sub')}
      actions={
        <Button component={Link} to="/people" variant="default">
          {t('import.back')}
        </Button>
      }>
      <Panel title={t('import.file')} actions={<Form />}>
        <Stack>
          <Text size="sm" maw={820}>
            {t('import.formats')}
          </Text>
          <FileInput
            label={t('import.choose')}
            accept=".xlsx,.csv,.txt,.tsv,text/csv,text/plain"
            clearable
            value={file}
            placeholder={t('import.placeholder')}
            maw={560}
            clearButtonProps={{ 'aria-label': t('common.remove') }}
            onChange={start}
          />
          {file && !done && <Chosen c={c} report={report} choose={choose} />}
          {busy && (
            <Working
              key={name}
              name={name}
              what={t(busy === 'reading' ? 'import.reading' : 'import.writing')}
              size={file?.size ?? 0}
              lines={busy === 'writing' ? report?.lines.length : undefined}
            />
          )}
          {error !== undefined && <Trouble error={error} />}
          {stale && (
            <Alert color="orange" variant="light" role="alert">
              {t('import.stale')}
            </Alert>
          )}
          {report && !done && <Remarks remarks={report.problems} />}
          {report && !done && (
            <Questions report={report} accept={c.accept} onChange={(accept) => choose({ accept })} />
          )}
        </Stack>
      </Panel>
      {report && !done && report.columns.length > 0 && (
        <ImportColumns report={report} onChange={(columns) => choose({ columns })} />
      )}
      {report && !done && report.lines.some((l) => l.values) && <FirstRows report={report} />}
      {report && (report.lines.length > 0 || report.leaving.length > 0) && (
        <ImportResult
          key={report.token ?? ''}
          report={report}
          busy={busy !== ''}
          onApply={(n) => void apply(n)}
        />
      )}
    </Page>
  )
}

/** Progress while a file is read or written: its size and the time taken. */
function Working({ name, what, size, lines }: { name: string; what: string; size: number; lines?: number }) {
  const { t } = useT()
  const far = useQuery({
    queryKey: ['import', name],
    queryFn: ({ signal }) =>
      call(`/v1/people/import/progress/${name}`, { signal }).catch((e: unknown) => {
        if (e instanceof APIError && e.status === 404) return null // it has not arrived yet, or is done
        throw e
      }),
    enabled: name !== '',
    refetchInterval: 500,
    gcTime: 0,
  })
  const share = far.data ? Math.round(far.data.share * 100) : undefined
  const f = useFormat()
  const [began] = useState(() => Date.now())
  const now = useNow(1000)
  return (
    <Stack gap={4} role="status" maw={560}>
      <Text size="sm">
        {what}{' '}
        {t(lines === undefined ? 'import.workingFile' : 'import.workingLines', {
          size: f.bytes(size),
          n: f.number(lines ?? 0),
          s: Math.max(0, Math.round((now - began) / 1000)),
        })}
        {share !== undefined && ` · ${t('import.share', { n: share })}`}
      </Text>
      <Progress value={share ?? 100} animated={share === undefined} aria-label={what} />
    </Stack>
  )
}

/** Options for reading the file. */
function Chosen({
  c,
  report,
  choose,
}: {
  c: Choices
  report?: ImportReport
  choose: (change: Partial<Choices>) => void
}) {
  const { t } = useT()
  const named = (s: string) => (s ? t('import.auto', { what: s }) : '')
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 4 }}>
      <Select
        label={t('import.who')}
        allowDeselect={false}
        value={c.kind || 'file'}
        onChange={(v) => choose({ kind: v === 'file' ? '' : (v ?? '') })}
        error={report?.problems.some((p) => p.code === 'kind_missing') || undefined}
        data={[
          { value: 'file', label: t('import.whoFile') },
          ...personKinds.map((k) => ({ value: k, label: t('personKind.' + k) })),
        ]}
      />
      <Select
        label={t('import.mode')}
        allowDeselect={false}
        value={c.mode}
        onChange={(v) => v && choose({ mode: v as ImportMode })}
        data={importModes.map((m) => ({ value: m, label: t('importMode.' + m) }))}
      />
      <Select
        label={t('import.empty')}
        allowDeselect={false}
        value={c.empty}
        onChange={(v) => choose({ empty: v === 'clear' ? 'clear' : 'leave' })}
        data={[
          { value: 'leave', label: t('import.leave') },
          { value: 'clear', label: t('import.clear') },
        ]}
      />
      <Select
        label={t('import.bad')}
        allowDeselect={false}
        value={c.bad}
        onChange={(v) => choose({ bad: v === 'skip' ? 'skip' : 'refuse' })}
        data={[
          { value: 'refuse', label: t('import.refuse') },
          { value: 'skip', label: t('import.skip') },
        ]}
      />
      {report?.format !== 'xlsx' && (
        <Select
          label={t('import.encoding')}
          clearable
          value={c.encoding || null}
          placeholder={named(report?.encoding ?? '')}
          onChange={(v) => choose({ encoding: v ?? '' })}
          error={report?.problems.some((p) => p.code.startsWith('encoding_')) || undefined}
          data={['utf-8', 'utf-16', 'gb18030', 'big5', 'windows-1252']}
        />
      )}
      {(report?.sheets.length ?? 0) > 1 && (
        <Select
          label={t('import.sheet')}
          allowDeselect={false}
          value={report?.sheet ?? null}
          onChange={(v) => v && choose({ sheet: v, columns: undefined, heading_line: 0 })}
          data={report?.sheets ?? []}
        />
      )}
      {report && report.columns.length > 0 && (
        <NumberInput
          label={t('import.headingLine')}
          description={t('import.noHeadings')}
          min={0}
          max={1000}
          allowDecimal={false}
          inputWrapperOrder={['label', 'input', 'description']}
          value={report.heading_line}
          onBlur={(e) => {
            const n = Number(e.currentTarget.value)
            if (Number.isInteger(n) && n !== report.heading_line)
              choose({ heading_line: n === 0 ? -1 : n, columns: undefined })
          }}
        />
      )}
    </SimpleGrid>
  )
}

// A template with headings only, in the user's language; importing it unchanged changes nobody.
function Form() {
  const { t, lang } = useT()
  const heads = lang.startsWith('zh')
    ? '学号,姓名,班级,身份,住校,电话,卡号,人脸授权'
    : 'Number,Name,Class,Kind,Boarder,Phone,Card number,Face consent'
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconDownload size={14} />}
      component="a"
      title={t('import.sampleHelp')}
      href={'data:text/csv;charset=utf-8,' + encodeURIComponent('\uFEFF' + heads + '\r\n')}
      download="people.csv">
      {t('import.sample')}
    </Button>
  )
}
