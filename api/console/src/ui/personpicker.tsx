// Finds one person by name or number.

import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import { useT } from '../i18n'
import { useSchoolParam } from '../session'

export function PersonPicker(p: {
  value: string
  onChange: (id: string) => void
  label: string
  required?: boolean
}) {
  const { t } = useT()
  const school = useSchoolParam()
  const [text, setText] = useState('')
  const [q] = useDebouncedValue(text, 250)
  const found = useQuery({
    queryKey: ['people', 'pick', school, q],
    queryFn: ({ signal }) => call('/v1/people', { query: { q, limit: 30, school }, signal }),
    placeholderData: keepPreviousData,
  })
  const data = (found.data?.items ?? []).map((x) => ({
    value: x.id,
    label: [x.name, x.class || t('personKind.' + x.kind), x.number].filter(Boolean).join(' · '),
  }))
  return (
    <Select
      label={p.label}
      required={p.required ?? true}
      searchable
      clearable
      data={data}
      filter={({ options }) => options}
      value={p.value || null}
      onChange={(v) => p.onChange(v ?? '')}
      searchValue={text}
      onSearchChange={setText}
      placeholder={t('people.search')}
      nothingFoundMessage={found.isLoading ? t('common.loading') : t('people.none')}
    />
  )
}
