// Who may sign in, and as what.

import { Button, PasswordInput, Select, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { change } from '../../api/change'
import { signInRoles, type FactorState, type Role, type User } from '../../api/types'
import { languages, useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Empty, Loaded, Panel, Rows, Tag } from '../../ui/kit'
import { FactorRolesPanel } from './factorroles'
import { When } from '../../ui/when'
import { useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'
import type { Language } from '../../api/types'

export function UsersTab() {
  const { t } = useT()
  const school = useSchoolParam()
  const [id, edit, close] = useOpen('edit')
  const q = useQuery({
    queryKey: ['users', school],
    queryFn: () => call('/v1/users', { query: { school, limit: 1000 } }),
  })
  const factors = useQuery({
    queryKey: ['second-factors', school],
    queryFn: () => call('/v1/second-factors', { query: { school, limit: 1000 } }),
  })
  const { subject, gone } = useSubject(
    id,
    q.data?.items?.find((u) => u.id === id),
  )
  const factorOf = (u: User) => factors.data?.items?.find((x) => x.user === u.id)
  return (
    <>
      <Panel
        flush
        title={t('settings.users')}
        actions={
          <Button size="xs" onClick={() => edit('new')}>
            {t('user.add')}
          </Button>
        }>
        <Loaded q={q}>
          {(d) =>
            d.items?.length ? (
              <Rows
                label={t('settings.users')}
                rows={d.items}
                id={(u) => u.id}
                columns={[
                  { key: 'name', label: t('gate.name'), main: true, cell: (u) => u.name },
                  { key: 'full', label: t('setup.fullName'), cell: (u) => u.full_name || '–' },
                  { key: 'role', label: t('user.role'), cell: (u) => t('role.' + u.role) },
                  {
                    key: 'state',
                    label: t('fleet.state'),
                    cell: (u) =>
                      u.disabled ? (
                        <Tag tone="red">{t('user.disabled')}</Tag>
                      ) : (
                        <Tag tone="green">{t('user.active')}</Tag>
                      ),
                  },
                  { key: 'factor', label: t('factor.title'), cell: (u) => <FactorTag s={factorOf(u)} /> },
                  { key: 'created', label: t('user.created'), cell: (u) => <When at={u.created} /> },
                  {
                    key: 'do',
                    label: '',
                    right: true,
                    cell: (u) => (
                      <Button size="compact-xs" variant="default" onClick={() => edit(u.id)}>
                        {t('common.edit')}
                      </Button>
                    ),
                  },
                ]}
              />
            ) : (
              <Empty title={t('user.none')} />
            )
          }
        </Loaded>
        {id === 'new' && <Edit onClose={close} />}
        {subject && <Edit key={id} u={subject} gone={gone} factor={factorOf(subject)} onClose={close} />}
      </Panel>
      <FactorRolesPanel />
    </>
  )
}

function FactorTag({ s }: { s?: FactorState }) {
  const { t } = useT()
  if (!s) return <>–</>
  if (s.factors.some((x) => x.copied)) return <Tag tone="red">{t('passkey.copied')}</Tag>
  if (s.factors.length) return <Tag tone="green">{t('factor.has')}</Tag>
  return s.required ? <Tag tone="orange">{t('factor.due')}</Tag> : <Tag>{t('factor.hasNot')}</Tag>
}

function Edit({
  u,
  gone,
  factor,
  onClose,
}: {
  u?: User
  gone?: boolean
  factor?: FactorState
  onClose: () => void
}) {
  const { t, lang } = useT()
  const cache = useQueryClient()
  const { me } = useSession()
  const school = useSchoolParam()
  const form = useForm(u ? 'UserPatch' : 'NewUserInput', {
    name: u?.name ?? '',
    full_name: u?.full_name ?? '',
    role: u?.role ?? ('security' as Role),
    language: u?.language || lang,
    password: '',
    disabled: u?.disabled ?? false,
  })
  const { v, set, text, check } = form
  const self = u?.id === me.user.id
  const [reset, setReset] = useState(false)
  const forget = async () => {
    await call(`/v1/users/${encodeURIComponent(u!.id)}/second-factor`, { method: 'DELETE' })
    await cache.invalidateQueries({ queryKey: ['second-factors'] })
    setReset(false)
  }
  const roles = signInRoles.filter((r) => r !== 'district_admin' || me.user.role === 'district_admin')
  const save = async () => {
    const { disabled, password, ...rest } = v
    if (u)
      await change(`/v1/users/${encodeURIComponent(u.id)}`, form.base, {
        ...rest,
        disabled,
        ...(password ? { password } : {}),
      })
    else
      await call('/v1/users', {
        method: 'POST',
        body: { ...rest, language: rest.language as Language, password, school },
      })
    await cache.invalidateQueries({ queryKey: ['users'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      title={u ? t('user.edit') : t('user.add')}
      gone={gone}
      beside={
        u && (
          <Ask
            opened={reset}
            title={t('factor.reset')}
            text={t('factor.resetAsk', { name: u.full_name || u.name })}
            deed={t('factor.reset')}
            danger
            onDo={forget}
            onClose={() => setReset(false)}
          />
        )
      }
      subject={
        u && {
          name: u.name,
          full_name: u.full_name,
          role: u.role,
          language: u.language,
          disabled: u.disabled,
        }
      }>
      <TextInput label={t('gate.name')} required autoComplete="off" autoCapitalize="none" {...text('name')} />
      <TextInput label={t('setup.fullName')} autoComplete="off" {...text('full_name')} />
      <Select
        label={t('user.role')}
        description={t('roleHelp.' + v.role)}
        allowDeselect={false}
        disabled={self}
        value={v.role}
        onChange={(r) => r && set({ role: r as Role })}
        data={roles.map((r) => ({ value: r, label: t('role.' + r) }))}
      />
      <Select
        label={t('setup.language')}
        allowDeselect={false}
        data={languages}
        value={v.language}
        onChange={(l) => l && set({ language: l })}
      />
      {!self && (
        <PasswordInput
          label={u ? t('user.newPassword') : t('gate.password')}
          description={t('gate.passwordHelp')}
          required={!u}
          minLength={10}
          autoComplete="new-password"
          {...text('password')}
          visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
        />
      )}
      {u && !self && <Switch label={t('user.disable')} {...check('disabled')} />}
      {u && !self && !!factor?.factors.length && (
        <Button variant="default" color="red" onClick={() => setReset(true)}>
          {t('factor.reset')}
        </Button>
      )}
    </FormDialog>
  )
}
