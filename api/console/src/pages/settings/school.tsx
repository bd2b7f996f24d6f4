import { Alert, Button, Group, Select, Stack, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { change, differences } from '../../api/change'
import limits from '../../api/limits.json'
import { languages, useT } from '../../i18n'
import { useSession } from '../../session'
import { Facts, fieldError, Panel, said, useDeed } from '../../ui/kit'
import { useZones } from '../gate'
import { FormTrouble } from '../../ui/clash'
import { LeaveAsks } from '../../ui/leaving'

export function SchoolTab() {
  const { t } = useT()
  const { school, can } = useSession()
  const cache = useQueryClient()
  const zones = useZones()
  const [v, set] = useState(school)
  const [base, setBase] = useState(school)
  const mine = v !== base // unsaved input is kept when a colleague saves
  const others = mine ? differences({ ...base }, { ...school }) : []
  useEffect(() => {
    if (!mine || base.id !== school.id) (set(school), setBase(school))
  }, [school, mine, base.id])
  const deed = useDeed()
  const save = () =>
    deed.run(async () => {
      await change(
        `/v1/schools/${encodeURIComponent(v.id)}`,
        { ...base },
        { name: v.name.trim(), timezone: v.timezone, language: v.language },
      )
      await Promise.all([
        cache.invalidateQueries({ queryKey: ['me'] }),
        cache.invalidateQueries({ queryKey: ['schools'] }),
      ])
      setBase(v) // adopt the saved state
      said(t('common.saved'))
    })
  if (!can('settings:write')) {
    return (
      <Panel title={t('settings.school')}>
        <Facts
          items={[
            [t('setup.school'), school.name],
            [t('setup.timezone'), school.timezone],
            [
              t('setup.language'),
              languages.find((l) => l.value === school.language)?.label ?? school.language,
            ],
          ]}
        />
      </Panel>
    )
  }
  return (
    <Panel title={t('settings.school')}>
      <form onSubmit={(e) => (e.preventDefault(), void save())}>
        <LeaveAsks held={mine && (['name', 'timezone', 'language'] as const).some((k) => v[k] !== base[k])} />
        <Stack maw={520}>
          <TextInput
            label={t('setup.school')}
            required
            maxLength={limits.SchoolPatch.name}
            value={v.name}
            error={fieldError(deed.error, 'name')}
            onChange={(e) => set({ ...v, name: e.currentTarget.value })}
          />
          <Select
            label={t('setup.timezone')}
            description={t('settings.timezoneHelp')}
            searchable
            allowDeselect={false}
            data={zones.includes(v.timezone) ? zones : [v.timezone, ...zones]}
            value={v.timezone}
            onChange={(z) => z && set({ ...v, timezone: z })}
          />
          <Select
            label={t('setup.language')}
            description={t('settings.languageHelp')}
            allowDeselect={false}
            data={languages}
            value={v.language}
            onChange={(l) => l && set({ ...v, language: l })}
          />
          {others.length > 0 && (
            <Alert color="orange" variant="light" role="alert" data-testid="changed">
              {t('dialog.changed')} {others.join(' · ')}
            </Alert>
          )}
          <FormTrouble error={deed.error} onTheirs={(k, now) => set({ ...v, [k]: now ?? '' })} />
          <Group>
            <Button type="submit" loading={deed.busy}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}
