// The basic components of all pages.

import {
  ActionIcon,
  Alert,
  Button,
  CopyButton,
  Group,
  Loader,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core'
import { notifications } from '@mantine/notifications'
import {
  IconAlertTriangle,
  IconCheck,
  IconChevronDown,
  IconChevronUp,
  IconCopy,
  IconRefresh,
  IconSelector,
} from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { APIError } from '../api/client'
import { useT, words, type T } from '../i18n'
import { PasskeyError } from '../lib/passkey'

/** A page: heading, description, actions, content. Sets the window's title. */
export function Page(p: { title: string; sub?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${p.title} · Gatehouse`
  }, [p.title])
  return (
    <div className="page">
      <div className="page-head">
        <div className="page-title">
          <Title order={1} size="h3">
            {p.title}
          </Title>
          {p.sub && (
            <Text size="sm" c="dimmed" component="div">
              {p.sub}
            </Text>
          )}
        </div>
        {p.actions && (
          <Group gap="xs" className="page-actions">
            {p.actions}
          </Group>
        )}
      </div>
      {p.children}
    </div>
  )
}

/** A box with a heading. */
export function Panel(p: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  flush?: boolean
  label?: string
}) {
  return (
    <section className="panel" aria-label={p.label ?? (typeof p.title === 'string' ? p.title : undefined)}>
      {(p.title || p.actions) && (
        <div className="panel-head">
          <Title order={2} size="h5">
            {p.title}
          </Title>
          {p.actions && <Group gap="xs">{p.actions}</Group>}
        </div>
      )}
      <div className={p.flush ? 'panel-flush' : 'panel-body'}>{p.children}</div>
    </section>
  )
}

export type Tone = 'red' | 'orange' | 'yellow' | 'blue' | 'green' | 'gray' | 'violet'

/** The name of a state; the colour only adds to it. */
export function Tag({ tone = 'gray', children, dot }: { tone?: Tone; children: ReactNode; dot?: boolean }) {
  return (
    <span className="tag" data-tone={tone}>
      {dot && <span className="tag-dot" aria-hidden />}
      {children}
    </span>
  )
}

/** An error message in the user's language if there is one. */
export function errorText(e: unknown, t: T): string {
  if (e instanceof APIError) {
    if (e.status === 0) return t('error.unreachable')
    const own = reasonText(e)
    if (own) return own
    const head = [
      'unauthenticated',
      'forbidden',
      'not_found',
      'conflict',
      'changed',
      'gone',
      'unavailable',
      'too_large',
      'rate_limited',
    ].includes(e.code)
      ? t(e.code === 'conflict' ? conflict(e) : 'error.' + e.code)
      : ''
    const detail = [
      e.message,
      ...e.fields
        .filter((f) => !e.message.includes(f.message))
        .map((f) => (f.field ? `${f.field}: ${f.message}` : f.message)),
    ]
      .filter(Boolean)
      .join(' · ')
    return [head, head ? sentence(detail) : detail].filter(Boolean).join(' ') || t('error.other')
  }
  if (e instanceof PasskeyError) return t('passkeyError.' + e.kind)
  return e instanceof Error && e.message ? e.message : t('error.other')
}

// A sentence after another begins with a capital, unless with the name of a field.
function sentence(s: string): string {
  return /^\w+ /.test(s) ? s[0].toUpperCase() + s.slice(1) : s
}

// The console's own text for a problem's code; it also says what to do.
function reasonText(e: APIError): string {
  return e.why.reason ? words('reason.' + e.why.reason, { n: e.why.after ?? 60 }) : ''
}

// The kind of a conflict: a colleague's change is about the version that was sent, a value that is
// taken has a field, and others have a detail only.
function conflict(e: APIError): string {
  if (e.fields.some((f) => f.field === 'version' || f.field === 'token')) return 'error.conflict'
  return e.fields.length > 0 ? 'error.taken' : 'error.inTheWay'
}

/** The message for one field of a form, when the gateway named it. */
export function fieldError(e: unknown, field: string): string | undefined {
  if (!(e instanceof APIError)) return undefined
  const found = e.fields.find((f) => f.field === field || f.field.endsWith('.' + field))
  return found && (reasonText(e) || found.message)
}

/** Whether the given fields show all of an error. */
function saidBeside(e: unknown, fields: string[]): boolean {
  return (
    e instanceof APIError &&
    e.fields.length > 0 &&
    e.fields.every((x) => fields.some((f) => x.field === f || x.field.endsWith('.' + f)))
  )
}

/** An error; nothing if the fields in `beside` show it already. */
export function Trouble({
  error,
  retry,
  beside = [],
}: {
  error: unknown
  retry?: () => void
  beside?: string[]
}) {
  const { t } = useT()
  if (saidBeside(error, beside)) return null
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      role="alert"
      className="trouble">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{errorText(error, t)}</Text>
        {retry && (
          <Button size="compact-sm" variant="default" onClick={retry}>
            {t('common.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  )
}

export function Wait({ what }: { what?: string }) {
  const { t } = useT()
  return (
    <Group gap="sm" p="md" role="status" className="wait">
      <Loader size="sm" />
      <Text size="sm" c="dimmed">
        {what ?? t('common.loading')}
      </Text>
    </Group>
  )
}

/** Why a list is empty, and what to do about it. */
export function Empty({ title, hint, children }: { title: string; hint?: ReactNode; children?: ReactNode }) {
  return (
    <Stack gap={4} p="lg" align="center" className="empty">
      <Text fw={600} ta="center">
        {title}
      </Text>
      {hint && (
        <Text size="sm" c="dimmed" ta="center" maw={520}>
          {hint}
        </Text>
      )}
      {children}
    </Stack>
  )
}

/**
 * The state of a query: loading, error or data. Old data stay while a refetch fails, with a note.
 */
export function Loaded<D>({ q, children }: { q: UseQueryResult<D>; children: (d: D) => ReactNode }) {
  if (q.data !== undefined) {
    return (
      <>
        {q.isError && <Trouble error={q.error} retry={() => void q.refetch()} />}
        {children(q.data)}
      </>
    )
  }
  if (q.isError) return <Trouble error={q.error} retry={() => void q.refetch()} />
  return <Wait />
}

export interface Column<R> {
  key: string
  sort?: string // the sort field that a click on its header selects
  label: string
  cell: (r: R) => ReactNode
  main?: boolean // the card's heading on a narrow screen
  right?: boolean
  shrink?: boolean
  long?: boolean // ids, addresses and other words without a place to break
  nowrap?: boolean // times, numbers, short words
}

/** How a list is sorted: a field, preceded by - for descending; empty: the default order. */
export interface Sorting {
  by: string
  to: (by: string | null) => void
}

const direction = (field: string, sort: Sorting) =>
  sort.by === field ? 'ascending' : sort.by === '-' + field ? 'descending' : 'none'

/** The header of a sortable column: clicks cycle through ascending, descending and default order. */
function SortHead({ label, field, sort }: { label: string; field: string; sort: Sorting }) {
  const now = direction(field, sort)
  const next = { none: field, ascending: '-' + field, descending: null }[now]
  const Icon = { none: IconSelector, ascending: IconChevronUp, descending: IconChevronDown }[now]
  return (
    <button type="button" className="sort-head" onClick={() => sort.to(next)}>
      {label} <Icon size={14} aria-hidden />
    </button>
  )
}

/** A table; on a narrow screen each row becomes a card. */
export function Rows<R>(p: {
  label: string
  columns: Column<R>[]
  rows: R[]
  id: (r: R) => string | number
  to?: (r: R) => string
  sort?: Sorting
}) {
  const go = useNavigate()
  return (
    <div className="rows-wrap" tabIndex={0} role="region" aria-label={p.label}>
      <table className="rows">
        <thead>
          <tr>
            {p.columns.map((c) => (
              <th
                key={c.key}
                scope="col"
                aria-sort={c.sort && p.sort ? direction(c.sort, p.sort) : undefined}
                data-right={c.right || undefined}
                data-shrink={c.shrink || undefined}>
                {c.sort && p.sort ? (
                  <SortHead label={c.label} field={c.sort} sort={p.sort} />
                ) : (
                  c.label || <span className="hidden">{c.key}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {p.rows.map((r) => (
            <tr
              key={p.id(r)}
              data-link={p.to ? true : undefined}
              onClick={p.to && ((e) => follow(e, () => go(p.to!(r))))}>
              {p.columns.map((c) => (
                <td
                  key={c.key}
                  data-label={c.label}
                  data-main={c.main || undefined}
                  data-right={c.right || undefined}
                  data-long={c.long || undefined}
                  data-nowrap={c.nowrap || undefined}>
                  {c.cell(r)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

// A click anywhere in a row follows its link, except on controls.
function follow(e: React.MouseEvent, go: () => void) {
  if ((e.target as HTMLElement).closest('a,button,input,label')) return
  if (window.getSelection()?.toString()) return
  go()
}

/** Pairs of name and value. */
export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {items.map(([k, v]) => (
        <div key={k}>
          <dt>{k}</dt>
          <dd>{v ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Text to copy: a secret, a command. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const { t } = useT()
  return (
    <div className="copyable">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('common.copied') : t('common.copy')}>
            <ActionIcon variant="default" onClick={copy} aria-label={`${t('common.copy')}: ${label}`}>
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  )
}

export function RefreshButton({ onClick, busy }: { onClick: () => void; busy?: boolean }) {
  const { t } = useT()
  return (
    <Tooltip label={t('common.refresh')}>
      <ActionIcon
        variant="default"
        size="lg"
        onClick={onClick}
        loading={busy}
        aria-label={t('common.refresh')}>
        <IconRefresh size={18} />
      </ActionIcon>
    </Tooltip>
  )
}

/** Returned by an action that has navigated to another page: there is nothing to close. */
export const leaves = Symbol('leaves')

/** Runs an action: busy while it runs; its error is kept for display. */
export function useDeed(): {
  busy: boolean
  error: unknown
  run: <R>(f: () => Promise<R>) => Promise<R | undefined>
  clear: () => void
} {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  return {
    busy,
    error,
    clear: () => setError(undefined),
    run: async (f) => {
      setBusy(true)
      setError(undefined)
      try {
        return await f()
      } catch (e) {
        setError(e)
        return undefined
      } finally {
        setBusy(false)
      }
    },
  }
}

export function said(message: string) {
  notifications.show({ message, color: 'gate', autoClose: 4000, withCloseButton: false })
}

export function saidError(e: unknown, t: T) {
  notifications.show({
    message: errorText(e, t),
    color: 'red',
    autoClose: 9000,
    title: t('error.title'),
    closeButtonProps: { 'aria-label': t('common.close') },
  })
}
