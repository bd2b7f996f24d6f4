// One alert with what a guard needs in order to act, and the actions.

import { Button, Checkbox, Group, Image, Modal, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconCheck,
  IconClockPause,
  IconHandStop,
  IconHistory,
  IconMapPin,
  IconUserPlus,
} from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { Link } from 'react-router'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { Ago } from './ago'
import { useBulk } from './alertbulk'
import { AlertMore } from './alertmore'
import { CommandName } from './alertstory'
import { useAlertDialog } from './alertdialogs'
import { CameraView } from './cameraview'
import { CommandTag } from './commands'
import { Tag, useDeed } from './kit'
import { HiddenBy, HiddenTag, useMayShelve } from './shelve'
import { AlertTag, SeverityTag, useProfiles } from './states'
import { Unheard } from './unheard'
import { useWhereabouts, WhereIs } from './whereabouts'
import { When } from './when'

interface Props {
  a: Alert
  where?: boolean // with plan and camera
  more?: boolean // with its people and its time line
  onMore?: () => void // absent: the card keeps that itself
  chosen?: boolean
  onChoose?: (on: boolean) => void // absent: it cannot be selected
  fresh?: boolean
  gone?: boolean // it is over, and only keeps its position
  line?: string // of the wall; default: its id
}

export function AlertCard({ a, fresh, gone, where, more, onMore, chosen, onChoose, line }: Props) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const title = f.local(a.title, a.title_zh)
  const [shown, setShown] = useState(where ?? false)
  const [own, setOwn] = useState(more ?? false)
  const opened = onMore ? (more ?? false) : own
  const live = a.state === 'open' || a.state === 'acknowledged'
  return (
    <article
      className="alert"
      data-severity={a.severity}
      data-state={a.state}
      data-fresh={fresh || undefined}
      data-gone={gone || undefined}
      inert={gone}
      tabIndex={-1}
      data-alert={a.id}
      data-line={line ?? a.id}
      data-chosen={chosen || undefined}
      data-rule={a.rule}
      aria-label={title}>
      <Deeds
        a={a}
        where={shown}
        onWhere={() => setShown((s) => !s)}
        more={opened}
        onMore={onMore ?? (() => setOwn((o) => !o))}
      />
      <div className="alert-in">
        {a.media && can('camera:view') && <Snapshot media={a.media} title={title} />}
        {!a.media && live && !shown && <NearCamera a={a} />}
        <div className="alert-main">
          <Group gap={6} mb={2}>
            {onChoose && can('alerts:write') && (
              <Checkbox
                size="xs"
                checked={chosen ?? false}
                aria-label={t('wall.choose', { title })}
                onChange={(e) => onChoose(e.currentTarget.checked)}
              />
            )}
            <SeverityTag s={a.severity} />
            <AlertTag s={a.state} />
            <Holds a={a} />
            <HiddenTag a={a} />
            {a.count > 1 && <Tag>{t('wall.count', { n: a.count })}</Tag>}
            {a.drill && <Tag tone="blue">{t('handling.drill')}</Tag>}
            {!!a.retold && a.state === 'open' && (
              <Tag tone="orange">
                {t('handling.toldAgain', {
                  n: a.retold,
                  why: a.retold_why && t('retoldWhy.' + a.retold_why),
                })}
              </Tag>
            )}
          </Group>
          <h3>{title}</h3>
          <Where a={a} />
          {a.text && (
            <Text size="sm" className="alert-where">
              {f.local(a.text, a.text_zh)}
            </Text>
          )}
          <Values a={a} />
          <HiddenBy a={a} />
          <Text size="xs" c="dimmed">
            <time dateTime={a.opened}>{f.clock(a.opened)}</time> · <Ago at={a.opened} />
            {a.handler_name && (
              <>
                {' '}
                ·{' '}
                <strong>
                  {t(a.state === 'acknowledged' ? 'wall.handledBy' : 'wall.wasHandledBy', {
                    name: a.handler_name,
                  })}
                </strong>
              </>
            )}
            {a.state === 'acknowledged' && a.ack_until && (
              <> · {t('handling.until', { at: f.clock(a.ack_until) })}</>
            )}
            {a.assignee && (
              <>
                {' '}
                · <strong>{t('handling.assignedTo', { name: a.assignee_name || a.assignee })}</strong>
              </>
            )}
            {a.resolver_name && (
              <>
                {' '}
                · <strong>{t('wall.resolvedBy', { name: a.resolver_name })}</strong>
              </>
            )}
          </Text>
          {a.comment && (
            <Text size="sm" mt={4}>
              “{a.comment}”
            </Text>
          )}
          <Commands a={a} />
          <Why a={a} />
          {a.incident && (
            <Text size="xs">
              <Link to={`/incidents/${a.incident}`}>{t('wall.toIncident')}</Link>
            </Text>
          )}
        </div>
      </div>
      {shown && <WhereIs zone={a.zone} device={a.device} deviceName={a.device_name} severity={a.severity} />}
      {opened && <AlertMore a={a} />}
    </article>
  )
}

// To what the rule made of it when it began. Alerts of the gateway itself come from no rule.
function Why({ a }: { a: Alert }) {
  const { t } = useT()
  if (!a.rule || a.rule.includes(':') || !(a.device || a.zone)) return null
  const about = a.device ? 'device=' + encodeURIComponent(a.device) : 'room=' + encodeURIComponent(a.zone!)
  const at = encodeURIComponent(a.opened)
  return (
    <Text size="xs">
      <Link to={`/rules/kept/${encodeURIComponent(a.rule)}?tab=why&${about}&at=${at}`} data-testid="why">
        {t('wall.why')}
      </Link>
    </Text>
  )
}

/** Whether what it reports still holds, as far as its device is heard, or since when it is over. */
export function Holds({ a }: { a: Alert }) {
  const { t } = useT()
  const f = useFormat()
  if (a.firing || a.flapping)
    return (
      <>
        <Tag tone="red">{t(a.flapping ? 'wall.flapping' : 'wall.firing')}</Tag> <Unheard at={a.last_heard} />
      </>
    )
  if (a.ended) return <Tag tone="green">{t('wall.over', { at: f.clock(a.ended) })}</Tag>
  return null
}

const settles = 600 // ms that a card stands before its camera is asked

// The picture of the nearest camera, for an alert that brings none. A card that only passes by in a
// storm, or while somebody scrolls, asks no camera.
function NearCamera({ a }: { a: Alert }) {
  const { can } = useSession()
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    const t = setTimeout(() => setSettled(true), settles)
    return () => clearTimeout(t)
  }, [])
  const wanted = settled && can('camera:view')
  const camera = useWhereabouts(wanted ? { zone: a.zone, device: a.device } : {}).data?.camera
  if (!wanted || !camera) return null
  return (
    <Link
      to={`/cameras/${camera.id}`}
      className="near-camera"
      data-testid="near-camera"
      title={camera.name}
      tabIndex={-1}>
      <CameraView id={camera.id} name={camera.name} every={a.severity === 'critical' ? 3000 : 15_000} />
    </Link>
  )
}

// What devices were told to do because of it, and how far that is.
function Commands({ a }: { a: Alert }) {
  const all = a.commands ?? []
  if (all.length === 0) return null
  return (
    <ul className="alert-commands" data-testid="alert-commands">
      {all.map((c) => (
        <li key={c.id} data-state={c.state}>
          <CommandName c={c} /> <CommandTag s={c.state} /> <When at={c.changed} clock />
        </li>
      ))}
    </ul>
  )
}

function Where({ a }: { a: Alert }) {
  const { t } = useT()
  const { can } = useSession()
  const device = a.device_name || a.device
  if (!device && !a.zone_name && !a.zone && !a.person_name) return null // an alert of the gateway itself
  return (
    <Text size="sm" className="alert-where">
      {[a.zone_name || a.zone].filter(Boolean).join('')}
      {device && (
        <>
          {(a.zone_name || a.zone) && ' · '}
          {can('devices:read') ? <Link to={`/fleet/${a.device}`}>{device}</Link> : device}
        </>
      )}
      {a.person_name && <> · {a.person_name}</>}
      {a.moved_to && (
        <>
          {' '}
          · <Tag tone="yellow">{t('alerts.movedTo', { zone: a.moved_to_name || a.moved_to })}</Tag>
        </>
      )}
    </Text>
  )
}

function Values({ a }: { a: Alert }) {
  const profiles = useProfiles()
  const f = useFormat()
  const all = Object.entries(a.values ?? {})
  if (all.length === 0) return null
  return (
    <div className="values">
      {all.map(([k, v]) => (
        <span key={k} className="value">
          <span>{profiles.title(k)}</span> <b>{f.value(v, profiles.property(k))}</b>
        </span>
      ))}
    </div>
  )
}

/** A stored picture; a click enlarges it. */
export function Snapshot({ media, title, size = 108 }: { media: string; title: string; size?: number }) {
  const { t } = useT()
  const [gone, setGone] = useState(false)
  const [big, modal] = useDisclosure(false)
  const src = `/v1/media/${encodeURIComponent(media)}`
  if (gone)
    return (
      <div className="noshot" style={{ width: size, height: size }}>
        <Text size="xs" ta="center">
          {t('wall.noPicture')}
        </Text>
      </div>
    )
  return (
    <>
      <UnstyledButton
        className="shot"
        onClick={modal.open}
        aria-label={t('wall.enlarge', { title })}
        style={{ width: size, height: size }}>
        <img src={src} alt={t('wall.snapshotOf', { title })} onError={() => setGone(true)} loading="lazy" />
      </UnstyledButton>
      <Modal
        opened={big}
        onClose={modal.close}
        title={title}
        size="xl"
        centered
        closeButtonProps={{ 'aria-label': t('common.close') }}>
        <Image src={src} alt={t('wall.snapshotOf', { title })} fit="contain" mah="75vh" />
      </Modal>
    </>
  )
}

interface DeedsProps {
  a: Alert
  where: boolean
  onWhere: () => void
  more: boolean
  onMore: () => void
}

function Deeds({ a, where, onWhere, more, onMore }: DeedsProps) {
  const { t } = useT()
  const { can } = useSession()
  const dialog = useAlertDialog()
  const bulk = useBulk()
  const deed = useDeed()
  const stranger = !a.person && !!a.media && !!a.sighting
  const placed = can('devices:read') && !!(a.zone || a.device)
  const write = can('alerts:write') && a.state !== 'closed'
  const mayShelve = useMayShelve()
  return (
    <Group gap="xs" className="alert-deeds">
      {write && a.state === 'open' && (
        <Button
          size="xs"
          data-testid="acknowledge"
          leftSection={<IconHandStop size={16} />}
          loading={deed.busy}
          onClick={() => void deed.run(() => bulk.take({ alerts: [a], groups: [] }))}>
          {t('wall.acknowledge')}
        </Button>
      )}
      {write && (a.state === 'open' || a.state === 'acknowledged') && (
        <Button
          size="xs"
          variant="default"
          data-testid="resolve"
          leftSection={<IconCheck size={16} />}
          onClick={() => dialog.open(a.id, 'resolve')}>
          {t(a.firing ? 'wall.silence' : 'wall.resolve')}
        </Button>
      )}
      {mayShelve(a) && (
        <Button
          size="xs"
          variant="default"
          data-testid="shelve"
          leftSection={<IconClockPause size={16} />}
          onClick={() => dialog.open(a.id, 'shelve')}>
          {t('shelf.deed')}
        </Button>
      )}
      {placed && (
        <Button
          size="xs"
          variant="default"
          data-testid="where"
          aria-expanded={where}
          leftSection={<IconMapPin size={16} />}
          onClick={onWhere}>
          {t('wall.where')}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        data-testid="more"
        aria-expanded={more}
        leftSection={<IconHistory size={16} />}
        onClick={onMore}>
        {t('handling.more')}
      </Button>
      {write && a.state === 'resolved' && (
        <Button size="xs" variant="default" onClick={() => dialog.open(a.id, 'close')}>
          {t('wall.close')}
        </Button>
      )}
      {write && stranger && can('faces:admin') && (
        <Button
          size="xs"
          variant="default"
          data-testid="enrol"
          leftSection={<IconUserPlus size={16} />}
          onClick={() => dialog.open(a.id, 'enrol')}>
          {t('wall.enrol')}
        </Button>
      )}
      {write && a.media && can('camera:view') && (
        <Button
          size="xs"
          variant="default"
          data-testid="picture"
          onClick={() => dialog.open(a.id, 'picture')}>
          {t('picture.deed')}
        </Button>
      )}
    </Group>
  )
}
