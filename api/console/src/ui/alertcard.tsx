// One alert with what a guard needs in order to act, and the actions.

import { Button, Checkbox, Group, Image, Modal, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCheck, IconHandStop, IconMapPin, IconUserPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSession } from '../session'
import { useBulk } from './alertbulk'
import { useAlertDialog } from './alertdialogs'
import { Tag, useDeed } from './kit'
import { AlertTag, SeverityTag, useProfiles } from './states'
import { WhereIs } from './whereabouts'

interface Props {
  a: Alert
  where?: boolean // with plan and camera
  chosen?: boolean
  onChoose?: (on: boolean) => void // absent: it cannot be selected
  now: number
  fresh?: boolean
  gone?: boolean // it is over, and only keeps its position
}

export function AlertCard({ a, now, fresh, gone, where, chosen, onChoose }: Props) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const title = f.local(a.title, a.title_zh)
  const [shown, setShown] = useState(where ?? false)
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
      data-line={a.id}
      data-chosen={chosen || undefined}
      data-rule={a.rule}
      aria-label={title}>
      <Deeds a={a} where={shown} onWhere={() => setShown((s) => !s)} />
      <div className="alert-in">
        {a.media && can('camera:view') && <Snapshot media={a.media} title={title} />}
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
            {a.firing && <Tag tone="red">{t('wall.firing')}</Tag>}
            {a.count > 1 && <Tag>{t('wall.count', { n: a.count })}</Tag>}
          </Group>
          <h3>{title}</h3>
          <Where a={a} />
          {a.text && (
            <Text size="sm" className="alert-where">
              {f.local(a.text, a.text_zh)}
            </Text>
          )}
          <Values a={a} />
          <Text size="xs" c="dimmed">
            <time dateTime={a.opened}>{f.clock(a.opened)}</time> ·{' '}
            {t('time.ago', { age: f.ago(a.opened, now) })}
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
          {a.incident && (
            <Text size="xs">
              <Link to={`/incidents/${a.incident}`}>{t('wall.toIncident')}</Link>
            </Text>
          )}
        </div>
      </div>
      {shown && <WhereIs zone={a.zone} device={a.device} deviceName={a.device_name} severity={a.severity} />}
    </article>
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

function Deeds({ a, where, onWhere }: { a: Alert; where: boolean; onWhere: () => void }) {
  const { t } = useT()
  const { can } = useSession()
  const dialog = useAlertDialog()
  const bulk = useBulk()
  const deed = useDeed()
  const stranger = !a.person && !!a.media && !!a.sighting
  const placed = can('devices:read') && !!(a.zone || a.device)
  if (!can('alerts:write') || a.state === 'closed') return null
  return (
    <Group gap="xs" className="alert-deeds">
      {a.state === 'open' && (
        <Button
          size="xs"
          data-testid="acknowledge"
          leftSection={<IconHandStop size={16} />}
          loading={deed.busy}
          onClick={() => void deed.run(() => bulk.take([a]))}>
          {t('wall.acknowledge')}
        </Button>
      )}
      {(a.state === 'open' || a.state === 'acknowledged') && (
        <Button
          size="xs"
          variant="default"
          data-testid="resolve"
          leftSection={<IconCheck size={16} />}
          onClick={() => dialog.open(a.id, 'resolve')}>
          {t(a.firing ? 'wall.silence' : 'wall.resolve')}
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
      {a.state === 'resolved' && (
        <Button size="xs" variant="default" onClick={() => dialog.open(a.id, 'close')}>
          {t('wall.close')}
        </Button>
      )}
      {stranger && can('faces:admin') && (
        <Button
          size="xs"
          variant="default"
          data-testid="enrol"
          leftSection={<IconUserPlus size={16} />}
          onClick={() => dialog.open(a.id, 'enrol')}>
          {t('wall.enrol')}
        </Button>
      )}
      {a.media && can('camera:view') && (
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
