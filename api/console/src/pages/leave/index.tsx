// Leave that guardians ask for: what waits for one's answer, everything that was asked, who answers, and
// the guardians' page.

import { Alert, Button, Select, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client'
import { leaveStates, type LeaveRequest } from '../../api/types'
import { useT } from '../../i18n'
import { useMine } from '../../mine'
import { useFormat, useSchoolParam, useSession } from '../../session'
import { useAddress, useOpen } from '../../ui/address'
import { Empty, Loaded, Page, Panel, Rows, Tag } from '../../ui/kit'
import { PagedList, usePaged } from '../../ui/paged'
import { PublicPage } from '../../ui/publicpage'
import { ChainSettings } from './chain'
import { RequestDialog } from './request'

const tones = { asked: 'orange', approved: 'green', refused: 'red', withdrawn: 'gray' } as const

export function LeavePage() {
  const { t } = useT()
  const { can } = useSession()
  const { get, put } = useAddress()
  const [opened, open, close] = useOpen('request')
  const may = can('attendance:write')
  const first = may ? 'mine' : 'all'
  return (
    <Page title={t('nav.leave')} sub={t('leaveAsk.sub')}>
      <Tabs
        value={get('tab') || first}
        onChange={(x) => put('tab', x === first ? null : x)}
        keepMounted={false}>
        <Tabs.List mb="sm">
          {may && <Tabs.Tab value="mine">{t('leaveAsk.mine')}</Tabs.Tab>}
          <Tabs.Tab value="all">{t('leaveAsk.all')}</Tabs.Tab>
          <Tabs.Tab value="chain">{t('leaveAsk.chain')}</Tabs.Tab>
          {can('people:read') && <Tabs.Tab value="page">{t('guardianPage.title')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="mine">
          <Mine onOpen={open} />
        </Tabs.Panel>
        <Tabs.Panel value="all">
          <All onOpen={open} />
        </Tabs.Panel>
        <Tabs.Panel value="chain">
          <ChainSettings />
        </Tabs.Panel>
        <Tabs.Panel value="page">
          <PublicPage
            name="guardianPage"
            words={{
              title: t('guardianPage.title'),
              text: t('guardianPage.text'),
              switch: t('guardianPage.switch'),
              noticeHint: t('guardianPage.noticeHint'),
            }}
            read={(school) => call('/v1/guardian-page', { query: { school } })}
            write={(body) => call('/v1/guardian-page', { method: 'POST', body })}>
            <NoChannel />
          </PublicPage>
        </Tabs.Panel>
      </Tabs>
      {opened && <RequestDialog id={opened} onClose={close} />}
    </Page>
  )
}

/** Says so where no code could be sent. */
function NoChannel() {
  const { t } = useT()
  const { can } = useSession()
  const school = useSchoolParam()
  const q = useQuery({
    queryKey: ['channels', school, 'guardians'],
    queryFn: () => call('/v1/channels', { query: { school }, quiet: true }),
    enabled: can('settings:write'),
  })
  const ways = q.data?.items.filter((c) => !c.disabled).map((c) => c.way as string)
  if (!ways) return null
  const sms = ways.includes('sms') || ways.includes('voice')
  if (sms && ways.includes('email')) return null
  return (
    <Alert color="orange" mb="sm">
      {t(
        sms
          ? 'guardianPage.noEmail'
          : ways.includes('email')
            ? 'guardianPage.noSMS'
            : 'guardianPage.noChannel',
      )}
    </Alert>
  )
}

function Mine({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useT()
  const q = useMine()
  return (
    <Panel flush label={t('leaveAsk.mine')}>
      <Loaded q={q}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('leaveAsk.noneMine')} hint={t('leaveAsk.noneMineHint')} />
          ) : (
            <Requests rows={items} onOpen={onOpen} />
          )
        }
      </Loaded>
    </Panel>
  )
}

function All({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useT()
  const school = useSchoolParam()
  const { get, put } = useAddress()
  const state = get('state')
  const list = usePaged(
    'leave-requests',
    '/v1/leave-requests',
    { state: state as '', school },
    { limit: 50, every: 30_000 },
  )
  return (
    <Panel flush label={t('leaveAsk.all')}>
      <div className="filters">
        <Select
          clearable
          placeholder={t('visit.any')}
          aria-label={t('visit.state')}
          value={state || null}
          onChange={(x) => put('state', x)}
          data={leaveStates.map((s) => ({ value: s, label: t('leaveState.' + s) }))}
        />
      </div>
      <PagedList list={list} empty={<Empty title={t('leaveAsk.none')} hint={t('leaveAsk.noneHint')} />}>
        {(rows) => <Requests rows={rows} onOpen={onOpen} />}
      </PagedList>
    </Panel>
  )
}

function Requests({ rows, onOpen }: { rows: LeaveRequest[]; onOpen: (id: string) => void }) {
  const { t } = useT()
  const f = useFormat()
  const waits = (x: LeaveRequest) =>
    x.state === 'asked' ? x.steps[x.waiting_step]?.name || t('leaveAsk.teacher') : undefined
  return (
    <Rows
      label={t('nav.leave')}
      rows={rows}
      id={(x) => x.id}
      columns={[
        {
          key: 'name',
          label: t('leaveAsk.pupil'),
          main: true,
          cell: (x) => [x.name || x.person, x.class].filter(Boolean).join(' · '),
        },
        {
          key: 'state',
          label: t('visit.state'),
          cell: (x) => <Tag tone={tones[x.state as keyof typeof tones]}>{t('leaveState.' + x.state)}</Tag>,
        },
        { key: 'kind', label: t('leaveAsk.kind'), cell: (x) => t('leaveKind.' + x.kind) },
        { key: 'from', label: t('visit.from'), nowrap: true, cell: (x) => f.short(x.from) },
        { key: 'to', label: t('visit.to'), nowrap: true, cell: (x) => f.short(x.to) },
        { key: 'waits', label: t('leaveAsk.waits'), cell: (x) => waits(x) ?? '–' },
        { key: 'asked', label: t('leaveAsk.asked'), nowrap: true, cell: (x) => f.short(x.asked) },
        {
          key: 'do',
          label: '',
          right: true,
          cell: (x) => (
            <Button
              size="compact-xs"
              variant={x.may_answer ? 'filled' : 'default'}
              onClick={() => onOpen(x.id)}>
              {t(x.may_answer ? 'leaveAsk.answer' : 'leaveAsk.open')}
            </Button>
          ),
        },
      ]}
    />
  )
}
