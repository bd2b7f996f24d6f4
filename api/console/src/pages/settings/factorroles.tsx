// The roles for which the school requires a second factor.

import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call, query } from '../../api/client'
import { change } from '../../api/change'
import { signInRoles, type Role } from '../../api/types'
import { useT } from '../../i18n'
import { useSession } from '../../session'
import { FormTrouble } from '../../ui/clash'
import { LeaveAsks } from '../../ui/leaving'
import { Loaded, Panel, said, useDeed } from '../../ui/kit'

export function FactorRolesPanel() {
  const { t } = useT()
  const { school } = useSession()
  const q = useQuery({
    queryKey: ['second-factor-roles', school.id],
    queryFn: () => call('/v1/second-factor-roles', { query: { school: school.id } }),
  })
  return (
    <Panel title={t('factorRoles.title')}>
      <Loaded q={q}>{(d) => <Form key={school.id} had={d.roles} />}</Loaded>
    </Panel>
  )
}

function Form({ had }: { had: Role[] }) {
  const { t } = useT()
  const { school, me } = useSession()
  const cache = useQueryClient()
  const [roles, setRoles] = useState<string[]>(had)
  const [base, setBase] = useState(had)
  const now = [...had].sort().join()
  useEffect(() => {
    // Adopt a colleague's change unless something was ticked here; then it is reported instead.
    if ([...roles].sort().join() !== [...base].sort().join()) return
    setRoles(had)
    setBase(had)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [now])
  const deed = useDeed()
  const offered = signInRoles.filter(
    (r) => r !== 'district_admin' || me.user.role === 'district_admin' || had.includes(r),
  )
  const changed = [...roles].sort().join() !== [...had].sort().join()
  const save = () =>
    deed.run(async () => {
      const path = '/v1/second-factor-roles' + query({ school: school.id })
      const began = { roles: [...base].sort() }
      await change(path, began, { roles: [...roles].sort() }, { method: 'PUT' }).catch((e: unknown) => {
        setBase(began.roles)
        throw e
      })
      await cache.invalidateQueries({ queryKey: ['second-factor-roles'] })
      await cache.invalidateQueries({ queryKey: ['second-factors'] }) // who still has to set one up
      said(t('factorRoles.saved'))
    })
  return (
    <Stack gap="sm">
      <LeaveAsks held={changed} />
      <Text size="sm" c="dimmed">
        {t('factorRoles.help')}
      </Text>
      {[...base].sort().join() !== now && (
        <Alert color="orange" variant="light" role="alert">
          {t('dialog.changed')} {had.map((r) => t('role.' + r)).join(', ') || '–'}
        </Alert>
      )}
      <Checkbox.Group value={roles} onChange={setRoles} aria-label={t('factorRoles.title')}>
        <Group gap="md">
          {offered.map((r) => (
            <Checkbox key={r} value={r} label={t('role.' + r)} />
          ))}
        </Group>
      </Checkbox.Group>
      <FormTrouble error={deed.error} onTheirs={(_, now) => setRoles(now as string[])} />
      <Group justify="flex-end">
        <Button size="xs" disabled={!changed} loading={deed.busy} onClick={() => void save()}>
          {t('common.save')}
        </Button>
      </Group>
    </Stack>
  )
}
