// Shelving: an alert leaves the wall for a time, for a reason that everybody can read, and is told
// again at the end if it still holds.

import { Button, Group, Select, Text, TextInput } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { useState } from 'react'
import type { Alert } from '../api/types'
import { useT } from '../i18n'
import type { Targets } from '../lib/walllines'
import { useFormat, useSession } from '../session'
import { useBulk, type Gathered } from './alertbulk'
import { FormDialog, useForm } from './form'
import { Tag } from './kit'

const stretches = [15, 60, 240, 480, 1440] // minutes
const ofCritical = [15, 30, 60]

interface Props {
  what: Targets
  where?: Gathered
  onClose: () => void
  onDone?: () => void
  gone?: boolean
}

/** Asks for how long and why, and shelves one alert or many. */
export function ShelveDialog({ what, where, onClose, onDone, gone }: Props) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const bulk = useBulk()
  const form = useForm('ShelveInput', { reason: '', minutes: '60' })
  const n = what.alerts.length + what.groups.reduce((sum, g) => sum + g.count, 0)
  const some = [...what.alerts, ...what.groups]
  const critical = some.filter((x) => x.severity === 'critical').length
  const only = critical > 0 && critical === some.length
  const choices = critical > 0 && can('alerts:suppress') ? ofCritical : stretches
  const one = n === 1 ? (what.alerts[0] ?? what.groups[0].alert) : undefined
  const save = async () => {
    const deed = { deed: 'shelve' as const, minutes: Number(form.v.minutes), comment: form.v.reason.trim() }
    await bulk.run(what, deed, where)
    onDone?.()
  }
  return (
    <FormDialog
      form={form}
      save={save}
      deed={t('shelf.deed')}
      ready={form.v.reason.trim().length >= 3 && !(only && !can('alerts:suppress'))}
      gone={gone}
      onClose={onClose}
      title={n === 1 ? t('shelf.title') : t('shelf.titleMany', { n })}
      testid="do-shelve">
      <Text size="sm">
        {one && (
          <strong>
            {[f.local(one.title, one.title_zh), one.zone_name, one.device_name].filter(Boolean).join(' · ')}
          </strong>
        )}
        {one && <br />}
        {t('shelf.text')}
      </Text>
      {critical > 0 && (
        <Text size="sm" c="red" data-testid="shelf-critical">
          {t(can('alerts:suppress') ? 'shelf.critical' : 'reason.needs_suppress')}
        </Text>
      )}
      <TextInput
        label={t('shelf.reason')}
        description={t('maintenance.reasonHint')}
        required
        data-autofocus
        {...form.text('reason')}
      />
      <Select
        label={t('shelf.for')}
        allowDeselect={false}
        value={form.v.minutes}
        data={choices.map((m) => ({ value: String(m), label: spanOf(m, t) }))}
        onChange={(minutes) => minutes && form.set({ minutes })}
      />
    </FormDialog>
  )
}

const spanOf = (minutes: number, t: ReturnType<typeof useT>['t']) =>
  minutes < 60 ? t('time.min', { n: minutes }) : t('time.h', { n: minutes / 60 })

/** Whether an alert can be shelved by who looks at it. */
export function useMayShelve() {
  const { can } = useSession()
  return (a: Alert) =>
    can('alerts:write') &&
    (a.state === 'open' || a.state === 'acknowledged') &&
    !a.hidden &&
    (a.severity !== 'critical' || can('alerts:suppress'))
}

/** What keeps an alert off the wall, in a word. */
export function HiddenTag({ a }: { a: Alert }) {
  const { t } = useT()
  if (!a.hidden) return null
  return (
    <Tag tone={a.hidden.kind === 'shelf' ? 'violet' : 'blue'}>{t('maintenance.kind.' + a.hidden.kind)}</Tag>
  )
}

/** What keeps an alert off the wall: why, who, until when; and the way back from a shelf. */
export function HiddenBy({ a }: { a: Alert }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const bulk = useBulk()
  const [busy, setBusy] = useState(false)
  const h = a.hidden
  if (!h) return null
  const lives = a.state === 'open' || a.state === 'acknowledged'
  const back = async () => {
    setBusy(true)
    await bulk.run({ alerts: [a], groups: [] }, { deed: 'unshelve' })
    setBusy(false)
  }
  return (
    <div className="alert-hidden" data-testid="hidden-by">
      <Text size="sm">
        {t(lives ? 'shelf.hidden.' + h.kind : 'shelf.was.' + h.kind, {
          who: h.by_name || '–',
          at: f.short(h.until),
        })}{' '}
        “{h.reason}”
      </Text>
      {lives && h.kind === 'shelf' && can('alerts:write') && (
        <Group gap="xs" mt={4}>
          <Button
            size="compact-xs"
            variant="default"
            data-testid="unshelve"
            loading={busy}
            leftSection={<IconArrowBackUp size={14} aria-hidden />}
            onClick={() => void back()}>
            {t('shelf.back')}
          </Button>
        </Group>
      )}
    </div>
  )
}
