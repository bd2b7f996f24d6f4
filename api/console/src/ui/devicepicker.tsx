// Finds one device by its name, id, serial number or zone.

import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import { useT } from '../i18n'
import { usePlaces } from './states'

// useDeviceName is the name of a device; its id until it is known, '' without one.
export function useDeviceName(id: string) {
  const q = useQuery({
    queryKey: ['device', 'name', id],
    queryFn: ({ signal }) => call(`/v1/devices/${encodeURIComponent(id)}`, { signal }),
    enabled: id !== '',
    retry: false,
  })
  return q.data?.name || id
}

export function DevicePicker(p: {
  value: string
  onChange: (id: string) => void
  label: string
  description?: string
  error?: string
  school?: string
  without?: string // a device that cannot be meant
}) {
  const { t } = useT()
  const places = usePlaces()
  const [text, setText] = useState('')
  const [q] = useDebouncedValue(text, 250)
  const name = useDeviceName(p.value)
  const chosen = p.value !== '' && text === name
  const found = useQuery({
    queryKey: ['devices', 'pick', p.school, chosen ? '' : q],
    queryFn: ({ signal }) =>
      call('/v1/devices', { query: { q: chosen ? '' : q, limit: 30, school: p.school }, signal }),
    placeholderData: keepPreviousData,
  })
  const data = (found.data?.items ?? [])
    .filter((x) => x.id !== p.without && x.id !== p.value)
    .map((x) => ({
      value: x.id,
      label: [x.name, places.zoneName(x.zone)].filter(Boolean).join(' · '),
    }))
  if (p.value) data.unshift({ value: p.value, label: name })
  return (
    <Select
      label={p.label}
      description={p.description}
      error={p.error}
      searchable
      clearable
      data={data}
      filter={({ options }) => options}
      value={p.value || null}
      onChange={(v) => p.onChange(v ?? '')}
      searchValue={text}
      onSearchChange={setText}
      placeholder={t('fleet.search')}
      nothingFoundMessage={found.isLoading ? t('common.loading') : t('fleet.none')}
    />
  )
}
