// On which days a digest comes: on each, or on one of the week.

import { Select } from '@mantine/core'
import { useT } from '../i18n'

export const digestDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type DigestDayName = '' | (typeof digestDays)[number]

export function DigestDay({ value, onChange }: { value: string; onChange: (day: DigestDayName) => void }) {
  const { t } = useT()
  return (
    <Select
      label={t('wishes.digestDay')}
      allowDeselect={false}
      value={value}
      onChange={(x) => onChange((x ?? '') as DigestDayName)}
      data={['', ...digestDays].map((d) => ({
        value: d,
        label: t(d ? 'wishes.day.' + d : 'wishes.everyDay'),
      }))}
    />
  )
}
