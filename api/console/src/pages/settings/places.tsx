// Sites, buildings and zones as a tree.

import { ActionIcon, Button, Group, Select, Switch, Text, TextInput } from '@mantine/core'
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import { zoneKinds, type Building, type Site, type Zone, type ZoneKind } from '../../api/types'
import { useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Empty, Loaded, Panel, Tag } from '../../ui/kit'
import { usePlaces } from '../../ui/states'
import { useAddress, useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'

type Level = 'sites' | 'buildings' | 'zones'
const levels: Level[] = ['sites', 'buildings', 'zones']
const bodies = { sites: 'SiteInput', buildings: 'BuildingInput', zones: 'ZoneInput' } as const
interface Editing {
  level: Level
  id?: string
  school?: string
  name: string
  site?: string
  building?: string
  kind?: ZoneKind
  private?: boolean
}

export function PlacesTab() {
  const { t } = useT()
  const { can } = useSession()
  const places = usePlaces()
  const cache = useQueryClient()
  const { get, change } = useAddress()
  const [editID, setEdit, noEdit] = useOpen('edit')
  const [goneID, setGone, noGone] = useOpen('delete')
  const may = can('devices:write')
  const found = (id: string): Editing | undefined => {
    for (const level of levels) {
      const x = places[level].find((p) => p.id === id)
      if (x) return { level, ...x }
    }
    return undefined
  }
  const { subject: edit, gone: editedAway } = useSubject(editID, found(editID))
  const { subject: gone } = useSubject(goneID, found(goneID))
  const fresh = get('new') as Level | ''
  const parent = get('in')
  const tools = (x: Site | Building | Zone) =>
    may && (
      <Group gap={4}>
        <ActionIcon
          variant="subtle"
          size="sm"
          aria-label={`${t('common.edit')}: ${x.name}`}
          onClick={() => setEdit(x.id)}>
          <IconPencil size={15} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          size="sm"
          aria-label={`${t('common.delete')}: ${x.name}`}
          onClick={() => setGone(x.id)}>
          <IconTrash size={15} />
        </ActionIcon>
      </Group>
    )
  const add = (label: string, level: Level, parent: string) =>
    may && (
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPlus size={13} />}
        onClick={() => change({ new: level, in: parent })}>
        {label}
      </Button>
    )
  return (
    <Panel
      title={t('settings.places')}
      actions={
        may && (
          <Button size="xs" onClick={() => change({ new: 'sites' })}>
            {t('places.addSite')}
          </Button>
        )
      }>
      <Loaded q={places.q}>
        {() =>
          places.sites.length === 0 ? (
            <Empty title={t('places.none')} hint={t('places.noneHint')} />
          ) : (
            <ul className="tree">
              {places.sites.map((s) => (
                <li key={s.id}>
                  <div className="tree-line">
                    <Text fw={650}>{s.name}</Text>
                    {tools(s)}
                    {add(t('places.addBuilding'), 'buildings', s.id)}
                  </div>
                  <ul className="tree">
                    {places.buildings
                      .filter((b) => b.site === s.id)
                      .map((b) => (
                        <li key={b.id}>
                          <div className="tree-line">
                            <Text fw={600} size="sm">
                              {b.name}
                            </Text>
                            {tools(b)}
                            {add(t('places.addZone'), 'zones', b.id)}
                          </div>
                          <ul className="tree">
                            {places.zones
                              .filter((z) => z.building === b.id)
                              .map((z) => (
                                <li key={z.id}>
                                  <div className="tree-line">
                                    <Text size="sm">{z.name}</Text>
                                    <Tag>{t('zoneKind.' + z.kind)}</Tag>
                                    {z.private && <Tag tone="violet">{t('places.private')}</Tag>}
                                    {tools(z)}
                                  </div>
                                </li>
                              ))}
                          </ul>
                        </li>
                      ))}
                  </ul>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {edit && may && <Edit key={editID} first={edit} gone={editedAway} onClose={noEdit} />}
      {levels.includes(fresh as Level) && may && (
        <Edit
          key={fresh + parent}
          first={blank(fresh as Level, parent)}
          onClose={() => change({ new: null, in: null }, { replace: true })}
        />
      )}
      <Ask
        opened={!!gone && may}
        onClose={noGone}
        danger
        title={t('places.delete', { name: gone?.name ?? '' })}
        text={t('places.deleteText')}
        deed={t('common.delete')}
        onDo={async () => {
          await remove(`/v1/${gone!.level}/${encodeURIComponent(goneID)}`, gone!)
          await cache.invalidateQueries({ queryKey: ['places'] })
        }}
      />
    </Panel>
  )
}

function blank(level: Level, parent: string): Editing {
  if (level === 'sites') return { level, name: '' }
  if (level === 'buildings') return { level, site: parent, name: '' }
  return { level, building: parent, name: '', kind: 'classroom', private: false }
}

function Edit({ first, gone, onClose }: { first: Editing; gone?: boolean; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const form = useForm(bodies[first.level], first, { ...first, school: first.school ?? school })
  const { v, set, text } = form
  const save = async () => {
    const { level, id, ...body } = v
    const next = { ...body, school: v.school ?? school, name: v.name.trim() }
    if (id) await change(`/v1/${level}/${encodeURIComponent(id)}`, form.base, next)
    else await call(`/v1/${level}`, { method: 'POST', body: next })
    await cache.invalidateQueries({ queryKey: ['places'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      title={t(`places.${first.id ? 'edit' : 'new'}.${first.level}`)}
      gone={gone}
      subject={first.id ? { ...first } : undefined}>
      <TextInput label={t('places.name')} required data-autofocus {...text('name')} />
      {v.level === 'zones' && (
        <>
          <Select
            label={t('places.kind')}
            description={t('places.kindHelp')}
            allowDeselect={false}
            value={v.kind}
            onChange={(k) => k && set({ kind: k as ZoneKind })}
            data={zoneKinds.map((k) => ({ value: k, label: t('zoneKind.' + k) }))}
          />
          <Switch
            label={t('places.private')}
            description={t('places.privateHelp')}
            checked={v.private ?? false}
            onChange={(e) => set({ private: e.currentTarget.checked })}
          />
        </>
      )}
    </FormDialog>
  )
}
