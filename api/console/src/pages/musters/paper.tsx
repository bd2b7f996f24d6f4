// The list for the place where people gather, on paper: a box for each, by class; what is ticked is
// ticked there, too.

import type { Muster, MusterPerson } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { usePlaces } from '../../ui/states'

export interface Paper {
  people: MusterPerson[]
  at: string
}

export function MusterPaper({ m, paper }: { m: Muster; paper: Paper }) {
  const { t } = useT()
  const f = useFormat()
  const { school } = useSession()
  const places = usePlaces()
  const groups = new Map<string, MusterPerson[]>()
  for (const p of paper.people) {
    const group = p.class || (p.kind ? t('personKind.' + p.kind) : '–')
    groups.set(group, [...(groups.get(group) ?? []), p])
  }
  return (
    <div className="print-only roll-call" data-testid="muster-paper">
      <h2>
        {m.drill && `${t('musters.drill')} · `}
        {t('musters.paperTitle', { school: school.name, time: f.moment(paper.at, true) })}
      </h2>
      <p>{t('musters.paperHint', { count: paper.people.length })}</p>
      {[...groups].map(([group, people]) => (
        <section key={group}>
          <h3>
            {group} ({people.length})
          </h3>
          <ul>
            {people.map((p) => (
              <li key={p.person}>
                {p.state === 'safe' || p.state === 'away' ? '☑' : '☐'} {p.name || p.number || p.person}
                {p.others ? ` ${t('musters.others', { count: p.others })}` : ''}
                {p.state === 'missing' && ` (${t('musterState.missing')})`}
                {p.where === 'unknown' && ` (${t('musters.unknown')})`}
                {p.zone && ` · ${places.zoneName(p.zone)}`}
                {p.seen_at && ` · ${f.clock(p.seen_at, false)}`}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
