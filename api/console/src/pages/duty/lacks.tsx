// What of a chain tells nobody now, since a channel is gone, switched off, or was never there, or
// somebody has confirmed no address: at the step, and as a whole before the form goes.

import { Alert, Button, Group, Stack } from '@mantine/core'
import type { Channel, Escalation, Lack } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { Dialog } from '../../ui/dialog'
import { Tag } from '../../ui/kit'

type Say = ReturnType<typeof useT>['t']

/** A lack in words. known are the channels that the reader may see. */
export function lackSaid(t: Say, x: Lack, known: Channel[]): string {
  const name = x.name ?? known.find((c) => c.id === x.channel)?.name ?? t('duty.robot')
  return t('duty.lack.' + x.what, { name, way: x.way ? t('way.' + x.way) : '' })
}

/** What a step lacks, as marks. */
export function Lacking({ lacks, known }: { lacks: Lack[]; known: Channel[] }) {
  const { t } = useT()
  return lacks.map((x) => (
    <div key={x.field + (x.user ?? '')} data-testid="lack">
      <Tag tone="red">{t('duty.lacks')}</Tag> {lackSaid(t, x, known)}
    </div>
  ))
}

interface Props {
  chain: Escalation
  known: Channel[]
  onClose: () => void
}

/** Says what a chain lacks that was just saved. */
export function Lacks({ chain, known, onClose }: Props) {
  const { t } = useT()
  const f = useFormat()
  return (
    <Dialog opened onClose={onClose} title={f.local(chain.name, chain.name_zh)}>
      <Stack>
        <Alert color="red" title={t('duty.lacksTitle')}>
          {t('duty.lacksText')}
        </Alert>
        <ul className="duty-holes">
          {chain.lacks.map((x) => (
            <li key={x.field + (x.user ?? '')}>
              {t('duty.step', { n: x.step + 1 })}: {lackSaid(t, x, known)}
            </li>
          ))}
        </ul>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('duty.understood')}</Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
