// Lists of any length, a page at a time.

import { Button, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { call, query } from '../api/client'
import type { List } from '../api/types'
import { useT } from '../i18n'
import { Loaded } from './kit'

type Params = Record<string, string | number | boolean | undefined>

/** One page of a list, and the way to the next. Changed filters begin at the first page. */
export function usePaged<R>(key: string, path: string, params: Params, o: { limit?: number; every?: number; enabled?: boolean } = {}) {
  const [cursors, setCursors] = useState<string[]>([])
  const filter = JSON.stringify(params)
  useEffect(() => setCursors([]), [filter])
  const limit = o.limit ?? 100
  const q = useQuery({
    queryKey: [key, path, filter, limit, cursors.at(-1) ?? ''],
    queryFn: ({ signal }) => call<List<R>>(path + query({ ...params, limit, cursor: cursors.at(-1) }), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: o.every,
    enabled: o.enabled ?? true,
  })
  return {
    q,
    page: cursors.length,
    next: q.data?.next ? () => setCursors([...cursors, q.data!.next!]) : undefined,
    previous: cursors.length > 0 ? () => setCursors(cursors.slice(0, -1)) : undefined,
  }
}

/** Shows a page of a list with its pager; `empty` where the whole list is. */
export function PagedList<R>({ list, empty, children }: { list: ReturnType<typeof usePaged<R>>; empty: ReactNode; children: (rows: R[]) => ReactNode }) {
  const { t } = useT()
  return (
    <Loaded q={list.q}>
      {(d) => {
        const rows = d.items ?? []
        if (rows.length === 0 && list.page === 0) return empty
        return (
          <>
            {children(rows)}
            {(list.next || list.previous) && (
              <div className="pager">
                <Button size="xs" variant="default" disabled={!list.previous} onClick={list.previous}>{t('common.previous')}</Button>
                <Text size="xs" c="dimmed">{t('common.page', { n: list.page + 1 })}</Text>
                <Button size="xs" variant="default" disabled={!list.next} onClick={list.next}>{t('common.next')}</Button>
              </div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
