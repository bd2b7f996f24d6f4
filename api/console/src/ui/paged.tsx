// Lists of any length, page by page. The position is in the address.

import { Alert, Button, Text } from '@mantine/core'
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useRef, type ReactNode } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import { APIError, ask, query } from '../api/client'
import type { Answer, Query } from '../api/paths'
import type { List } from '../api/types'
import { useT } from '../i18n'
import { changed, useHere } from './address'
import { Loaded } from './kit'

/** A row of the list that a path returns. */
type Row<P extends string> = Answer<P> extends { items: (infer R)[] } ? R : never

interface Options {
  limit?: number
  every?: number
  enabled?: boolean
  name?: string // for pages with several lists: its name in the address
}

/** The cursors of the previous pages. They are kept in the browser's history, not in links. */
type Trail = Record<string, string[]>

export interface Paged<R> {
  q: UseQueryResult<List<R>>
  page: number
  next?: () => void
  previous?: () => void
  first?: () => void
}

/** One page of a list, and the way to the others. Changed filters start at the first page. */
export function usePaged<P extends string>(
  key: string,
  path: P,
  params: Omit<Query<P>, 'limit' | 'cursor'>,
  o: Options = {},
): Paged<Row<P>> {
  const [search, setSearch] = useSearchParams()
  const state = useLocation().state as { trail?: Trail } | null
  const here = useHere()
  const own = (k: string) => (o.name ? `${o.name}.${k}` : k)
  const at = search.get(own('at')) ?? ''
  const page = at ? Math.max(2, Number(search.get(own('page'))) || 2) : 1
  const trail = state?.trail?.[own('at')] ?? []
  const go = (cursor: string, n: number, before: string[], replace = false) =>
    setSearch(changed(here().params, { [own('at')]: cursor, [own('page')]: n > 1 ? String(n) : null }), {
      replace,
      state: { ...state, trail: { ...state?.trail, [own('at')]: before } },
    })
  const filter = path + JSON.stringify(params)
  const seen = useRef({ filter, at })
  useEffect(() => {
    // The cursor belongs to another list, e.g. of the school selected before.
    if (seen.current.filter !== filter && seen.current.at === at && at) go('', 1, [], true)
    seen.current = { filter, at }
  })
  const limit = o.limit ?? 100
  const q = useQuery({
    queryKey: [key, path, JSON.stringify(params), limit, at],
    queryFn: ({ signal }) => ask<List<Row<P>>>(path + query({ ...params, limit, cursor: at }), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: o.every,
    enabled: o.enabled ?? true,
  })
  const next = q.data?.next
  return {
    q,
    page,
    next: next && !q.isPlaceholderData ? () => go(next, page + 1, [...trail, at]) : undefined,
    previous:
      page > 1 && trail.length > 0 ? () => go(trail.at(-1)!, page - 1, trail.slice(0, -1)) : undefined,
    first: page > 1 ? () => go('', 1, []) : undefined,
  }
}

/** A page of a list with its pager; `empty` if the whole list is. */
export function PagedList<R>({
  list,
  empty,
  children,
}: {
  list: Paged<R>
  empty: ReactNode
  children: (rows: R[]) => ReactNode
}) {
  const { t } = useT()
  const e = list.q.error
  // A cursor that has expired, or is invalid.
  const lost =
    list.first &&
    e instanceof APIError &&
    (e.code === 'gone' || e.fields.some((f) => f.field.endsWith('cursor')))
  if (lost) {
    return (
      <Alert color="orange" variant="light" m="sm" role="alert">
        <Text size="sm" mb="xs">
          {t('common.placeGone')}
        </Text>
        <Button size="xs" variant="default" onClick={list.first}>
          {t('common.firstPage')}
        </Button>
      </Alert>
    )
  }
  return (
    <Loaded q={list.q}>
      {(d) => {
        const rows = d.items
        if (rows.length === 0 && list.page === 1 && !list.next) return empty
        return (
          <>
            {children(rows)}
            {(list.next || list.first) && (
              <div className="pager">
                {list.previous || !list.first ? (
                  <Button size="xs" variant="default" disabled={!list.previous} onClick={list.previous}>
                    {t('common.previous')}
                  </Button>
                ) : (
                  <Button size="xs" variant="default" onClick={list.first}>
                    {t('common.firstPage')}
                  </Button>
                )}
                <Text size="xs" c="dimmed">
                  {t('common.page', { n: list.page })}
                </Text>
                <Button size="xs" variant="default" disabled={!list.next} onClick={list.next}>
                  {t('common.next')}
                </Button>
              </div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
