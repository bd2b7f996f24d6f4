// Sites, buildings and zones as a tree.

import { ActionIcon, Button, Group, Select, Switch, Text, TextInput } from '@mantine/core'
import { IconPencil, IconPlus, IconStack2, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../../api/client'
import { change, remove } from '../../api/change'
import { zoneKinds, type Building, type Floor, type Site, type Zone, type ZoneKind } from '../../api/types'
import { useT } from '../../i18n'
import { useSchoolParam, useSession } from '../../session'
import { Ask } from '../../ui/ask'
import { Empty, Loaded, Panel, Tag } from '../../ui/kit'
import { NumberField } from '../../ui/numberfield'
import { usePlaces } from '../../ui/states'
import { useAddress, useOpen } from '../../ui/address'
import { useSubject } from '../../ui/dialog'
import { FormDialog, useForm } from '../../ui/form'

type Tier = 'sites' | 'buildings' | 'floors' | 'zones'
const tiers: Tier[] = ['sites', 'buildings', 'floors', 'zones']
const bodies = {
  sites: 'SiteInput',
  buildings: 'BuildingInput',
  floors: 'FloorInput',
  zones: 'ZoneInput',
} as const
interface Editing {
  tier: Tier
  id?: string
  school?: string
  name: string
  site?: string
  building?: string
  kind?: ZoneKind
  private?: boolean
  floor?: string // of a zone
  level?: number // of a floor
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
    for (const tier of tiers) {
      const x = places[tier].find((p) => p.id === id)
      if (x) return { tier, ...x }
    }
    return undefined
  }
  const { subject: edit, gone: editedAway } = useSubject(editID, found(editID))
  const { subject: gone } = useSubject(goneID, found(goneID))
  const fresh = get('new') as Tier | ''
  const parent = get('in')
  const floorOf = (z: Zone) => places.floors.find((x) => x.id === z.floor)?.name
  const tools = (x: Site | Building | Floor | Zone) =>
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
  const add = (label: string, tier: Tier, parent: string) =>
    may && (
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPlus size={13} />}
        onClick={() => change({ new: tier, in: parent })}>
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
                            {add(t('places.addFloor'), 'floors', b.id)}
                          </div>
                          <ul className="tree">
                            {places.floors
                              .filter((x) => x.building === b.id)
                              .map((x) => (
                                <li key={x.id}>
                                  <div className="tree-line">
                                    <IconStack2 size={16} aria-hidden />
                                    <Text size="sm">{x.name}</Text>
                                    <Link className="small" to={`/plans/${x.id}`}>
                                      {t('places.toPlan')}
                                    </Link>
                                    {tools(x)}
                                  </div>
                                </li>
                              ))}
                            {places.zones
                              .filter((z) => z.building === b.id)
                              .map((z) => (
                                <li key={z.id}>
                                  <div className="tree-line">
                                    <Text size="sm">{z.name}</Text>
                                    <Tag>{t('zoneKind.' + z.kind)}</Tag>
                                    {floorOf(z) && <Tag tone="blue">{floorOf(z)}</Tag>}
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
      {tiers.includes(fresh as Tier) && may && (
        <Edit
          key={fresh + parent}
          first={blank(fresh as Tier, parent)}
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
          await remove(`/v1/${gone!.tier}/${encodeURIComponent(goneID)}`, gone!)
          await cache.invalidateQueries({ queryKey: ['places'] })
        }}
      />
    </Panel>
  )
}

function blank(tier: Tier, parent: string): Editing {
  if (tier === 'sites') return { tier, name: '' }
  if (tier === 'buildings') return { tier, site: parent, name: '' }
  if (tier === 'floors') return { tier, building: parent, name: '', level: 0 }
  return { tier, building: parent, name: '', kind: 'classroom', private: false }
}

function Edit({ first, gone, onClose }: { first: Editing; gone?: boolean; onClose: () => void }) {
  const { t } = useT()
  const cache = useQueryClient()
  const school = useSchoolParam()
  const places = usePlaces()
  const form = useForm(bodies[first.tier], first, { ...first, school: first.school ?? school })
  const { v, set, text } = form
  const save = async () => {
    const { tier, id, ...body } = v
    const next = { ...body, school: v.school ?? school, name: v.name.trim() }
    if (id) await change(`/v1/${tier}/${encodeURIComponent(id)}`, form.base, next)
    else await call(`/v1/${tier}`, { method: 'POST', body: next })
    await cache.invalidateQueries({ queryKey: ['places'] })
  }
  return (
    <FormDialog
      form={form}
      save={save}
      onClose={onClose}
      title={t(`places.${first.id ? 'edit' : 'new'}.${first.tier}`)}
      gone={gone}
      subject={first.id ? { ...first } : undefined}>
      <TextInput label={t('places.name')} required data-autofocus {...text('name')} />
      {v.tier === 'floors' && (
        <NumberField
          label={t('places.level')}
          description={t('places.levelHelp')}
          min={-20}
          max={200}
          allowDecimal={false}
          error={form.said('level')}
          value={v.level ?? 0}
          onChange={(n) => set({ level: n })}
        />
      )}
      {v.tier === 'zones' && (
        <>
          <Select
            label={t('places.kind')}
            description={t('places.kindHelp')}
            allowDeselect={false}
            value={v.kind}
            onChange={(k) => k && set({ kind: k as ZoneKind })}
            data={zoneKinds.map((k) => ({ value: k, label: t('zoneKind.' + k) }))}
          />
          <Select
            label={t('places.floor')}
            description={t('places.floorHelp')}
            placeholder={t('places.noFloor')}
            clearable
            error={form.said('floor')}
            value={v.floor || null}
            onChange={(x) => set({ floor: x ?? '' })}
            data={places.floors
              .filter((x) => x.building === v.building)
              .map((x) => ({ value: x.id, label: x.name }))}
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
