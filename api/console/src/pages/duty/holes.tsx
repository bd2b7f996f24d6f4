// What was saved has times in which nobody is on duty: they are said, before the form goes.

import { Alert, Button, Group, Stack } from '@mantine/core'
import { useT } from '../../i18n'
import { dayIn } from '../../lib/format'
import { useFormat, useSession } from '../../session'
import { Dialog } from '../../ui/dialog'
import { Strip } from './strip'
import { mondayOf, plus } from './week'

interface Props {
  title: string
  holes: { from: string; to: string }[]
  total: number
  hours: number
  until: string // how far was looked
  onClose: () => void
}

const listed = 8

/** How many hours holes are together. */
export const hoursOf = (holes: Props['holes']) =>
  holes.reduce((n, h) => n + Date.parse(h.to) - Date.parse(h.from), 0) / 3600e3

export function Holes({ title, holes, total, hours, until, onClose }: Props) {
  const { t } = useT()
  const f = useFormat()
  const { school } = useSession()
  const first = mondayOf(dayIn(school.timezone, Date.parse(holes[0]!.from)))
  const end = dayIn(school.timezone, Date.parse(holes[holes.length - 1]!.to) - 1)
  let weeks = 1
  while (weeks < 5 && plus(first, weeks * 7) <= end) weeks++
  return (
    <Dialog opened onClose={onClose} title={title}>
      <Stack>
        <Alert color="red" title={t('duty.holesTitle', { hours: f.number(Math.round(hours * 10) / 10) })}>
          {t('duty.holesText', { until: f.moment(until) })}
        </Alert>
        <Strip holes={holes} first={first} days={weeks * 7} label={t('duty.holesPicture')} />
        <ul className="duty-holes">
          {holes.slice(0, listed).map((h) => (
            <li key={h.from}>
              {f.short(h.from)} – {f.short(h.to)}
            </li>
          ))}
        </ul>
        {total > listed && <p className="duty-hint">{t('duty.moreHoles', { n: total - listed })}</p>}
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('duty.understood')}</Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
