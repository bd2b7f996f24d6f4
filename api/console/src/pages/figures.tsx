// Figures for the head of a school and for the bureau: attendance of a day and of its month, by school,
// grade and class. Each opens its rows.

import { Button, Select, TextInput } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call, picture, query } from '../api/client'
import { sessionKinds, type FigureCounts, type FigureRow, type SessionKind } from '../api/types'
import { useT } from '../i18n'
import { useFormat, useSchoolParam, useSession } from '../session'
import { useAddress } from '../ui/address'
import { Empty, Loaded, Page, Panel, Rows, Trouble, useDeed, type Column } from '../ui/kit'

export function FiguresPage() {
  const { t } = useT()
  const f = useFormat()
  const school = useSchoolParam()
  const { school: home } = useSession()
  const { get, put } = useAddress()
  const deed = useDeed()
  const asked = {
    school: school ?? home.id,
    date: get('date'),
    kind: (get('kind') || undefined) as SessionKind | undefined,
  }
  const q = useQuery({
    queryKey: ['figures', JSON.stringify(asked)],
    queryFn: ({ signal }) => call('/v1/figures', { query: asked, signal }),
    refetchInterval: 60_000,
  })
  const download = () =>
    deed.run(async () => {
      const file = await picture('/v1/figures.xlsx' + query(asked))
      const a = document.createElement('a')
      a.href = URL.createObjectURL(file)
      a.download = `figures-${q.data?.date ?? ''}.xlsx`
      a.click()
      URL.revokeObjectURL(a.href)
    })
  return (
    <Page
      title={t('nav.figures')}
      sub={q.data ? t('figures.sub', { from: q.data.from, date: q.data.date }) : ''}
      actions={
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={deed.busy}
          data-testid="figures-xlsx"
          onClick={() => void download()}>
          {t('figures.download')}
        </Button>
      }>
      {deed.error ? <Trouble error={deed.error} /> : null}
      <Panel flush label={t('nav.figures')}>
        <div className="filters">
          <TextInput
            type="date"
            aria-label={t('figures.date')}
            value={get('date') || q.data?.date || ''}
            onChange={(e) => put('date', e.currentTarget.value || null)}
          />
          <Select
            aria-label={t('month.kind')}
            value={get('kind') || 'arrival'}
            onChange={(v) => put('kind', v === 'arrival' ? null : v)}
            data={sessionKinds.map((k) => ({ value: k, label: t('sessionKind.' + k) }))}
          />
        </div>
        <Loaded q={q}>
          {(d) =>
            d.rows.length === 0 ? (
              <Empty title={t('figures.none')} />
            ) : (
              <Rows
                label={t('nav.figures')}
                rows={d.rows}
                id={(r) => `${r.level} ${r.school} ${r.name}`}
                columns={[
                  {
                    key: 'name',
                    label: t('figures.of'),
                    main: true,
                    cell: (r) => <Name r={r} date={d.date} />,
                  },
                  { key: 'people', label: t('figures.people'), right: true, cell: (r) => f.number(r.people) },
                  ...figures('day', d.date),
                  ...figures('month', d.date),
                ]}
              />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  )

  /** The columns of the day, or of the month. */
  function figures(of: 'day' | 'month', date: string): Column<FigureRow>[] {
    const rate = (n: FigureCounts) => (n.due > 0 ? f.number((100 * n.there) / n.due, 1) + ' %' : '–')
    const rows = (r: FigureRow, text: string, state: string) => {
      if (text === '' || text === '–' || r.level === 'grade') return text
      const at = {
        school: r.school === home.id ? undefined : r.school,
        class: r.level === 'class' ? r.name : '',
      }
      return of === 'day' ? (
        <Link to={'/attendance' + query({ ...at, date, state, session: r.session })}>{text}</Link>
      ) : (
        <Link to={'/attendance/month' + query({ ...at, month: date.slice(0, 7), kind: get('kind') })}>
          {text}
        </Link>
      )
    }
    const one = (what: keyof FigureCounts, state: string): Column<FigureRow> => ({
      key: of + what,
      label: t(`figures.${of}.${what}`),
      right: true,
      cell: (r) => rows(r, r[of][what] ? f.number(r[of][what]) : '', state),
    })
    return [
      {
        key: of + 'rate',
        label: t(`figures.${of}.rate`),
        right: true,
        cell: (r) => rows(r, rate(r[of]), ''),
      },
      one('late', 'late'),
      one('absent', 'absent'),
      one('leave', 'excused'),
    ]
  }
}

function Name({ r, date }: { r: FigureRow; date: string }) {
  const { t } = useT()
  const { school } = useSession()
  if (r.level === 'school')
    return r.school === school.id ? (
      <b>{r.name}</b>
    ) : (
      <Link to={'/figures' + query({ school: r.school, date })}>{r.name}</Link>
    )
  return r.level === 'grade' ? (
    <b>{t('figures.grade', { name: r.name })}</b>
  ) : (
    <>{r.name || t('figures.noClass')}</>
  )
}
