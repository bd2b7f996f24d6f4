// One person. For a student the gateway asks for a reason first, and audits it.

import {
  Alert,
  Button,
  Checkbox,
  FileButton,
  Group,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Link, useLocation, useNavigate, useParams } from 'react-router'
import { APIError, call, query, tagged } from '../api/client'
import { change, Clashes } from '../api/change'
import { cardMethods, type Pass, type PersonPage as PersonData, type Sent } from '../api/types'
import { useT, type T } from '../i18n'
import { instantIn } from '../lib/format'
import { photoToSend, PhotoRefused, refusalOf } from '../lib/photo'
import { useFormat, useSession } from '../session'
import { Ask } from '../ui/ask'
import {
  Empty,
  errorText,
  Facts,
  leaves,
  Loaded,
  Page,
  Panel,
  Rows,
  said,
  Tag,
  Trouble,
  useDeed,
  Wait,
} from '../ui/kit'
import { PagedList, usePaged } from '../ui/paged'
import { SightingLine } from '../ui/sightings'
import { FaceAsks, questionsOf } from '../ui/faceasks'
import { AttendanceTag } from '../ui/states'
import { ContactPanel } from './contact'
import { PersonLine } from './personline'
import { useClasses } from './people'
import { When } from '../ui/when'
import { useOpen } from '../ui/address'
import { FormDialog, useForm } from '../ui/form'

export function PersonPage() {
  const { id = '' } = useParams()
  const { t } = useT()
  const given = (useLocation().state as { reason?: string } | null)?.reason ?? ''
  const [reason, setReason] = useState(given)
  const q = useQuery({
    queryKey: ['person', id, reason],
    queryFn: ({ signal }) =>
      tagged<PersonData>(`/v1/people/${encodeURIComponent(id)}` + query({ reason }), { signal }),
    retry: false,
    staleTime: Infinity, // each fetch is audited: fetch once
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const asks = q.error instanceof APIError && q.error.fields.some((f) => f.field === 'reason')
  if (q.data)
    return <PersonView p={q.data.body} etag={q.data.etag} reason={reason} renew={() => q.refetch()} />
  if (asks) return <AskWhy onReason={setReason} />
  if (q.error instanceof APIError && q.error.status === 404)
    return (
      <Page title={t('person.gone')}>
        <Empty title={t('person.gone')} hint={<Link to="/people">{t('person.toPeople')}</Link>} />
      </Page>
    )
  if (q.error)
    return (
      <Page title={t('nav.people')}>
        <Trouble error={q.error} retry={() => void q.refetch()} />
      </Page>
    )
  return <Wait />
}

function AskWhy({ onReason }: { onReason: (r: string) => void }) {
  const { t } = useT()
  const [text, setText] = useState('')
  const usual = ['parent', 'absence', 'incident', 'enrolment', 'data']
  return (
    <Page title={t('why.title')}>
      <Panel>
        <form onSubmit={(e) => (e.preventDefault(), text.trim() && onReason(text.trim()))}>
          <Stack maw={560}>
            <Group wrap="nowrap" align="flex-start">
              <IconLock size={22} aria-hidden style={{ flex: 'none' }} />
              <Text size="sm">{t('why.text')}</Text>
            </Group>
            <TextInput
              label={t('why.reason')}
              required
              autoFocus
              value={text}
              maxLength={300}
              onChange={(e) => setText(e.currentTarget.value)}
            />
            <Group gap="xs">
              {usual.map((u) => (
                <Button
                  key={u}
                  size="compact-sm"
                  variant="default"
                  onClick={() => setText(t('why.usual.' + u))}>
                  {t('why.usual.' + u)}
                </Button>
              ))}
            </Group>
            <Group>
              <Button type="submit" disabled={!text.trim()}>
                {t('why.open')}
              </Button>
              <Button variant="default" component={Link} to="/people">
                {t('common.cancel')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Panel>
    </Page>
  )
}

function PersonView({
  p,
  etag,
  reason,
  renew,
}: {
  p: PersonData
  etag: string
  reason: string
  renew: () => Promise<unknown>
}) {
  const { t } = useT()
  const f = useFormat()
  const go = useNavigate()
  const cache = useQueryClient()
  const { can } = useSession()
  const [open, setOpen, close] = useOpen('do')
  // If somebody has changed the person since the page was opened, refetch, so that the action
  // applies to what is shown.
  const asShown = (deed: Promise<unknown>) =>
    deed.catch(async (e: unknown) => {
      if (e instanceof APIError && e.code === 'changed') await renew()
      throw e
    })
  return (
    <Page
      title={p.name}
      sub={[t('personKind.' + p.kind), p.class, p.number].filter(Boolean).join(' · ')}
      actions={
        can('people:write') && (
          <>
            <Button variant="default" onClick={() => setOpen('edit')}>
              {t('common.edit')}
            </Button>
            <Button variant="default" onClick={() => setOpen('left')} data-testid="left">
              {t(p.left ? 'person.back' : 'person.leave')}
            </Button>
            <Button variant="default" onClick={() => setOpen('delete')}>
              {t('person.delete')}
            </Button>
          </>
        )
      }>
      {p.kind === 'student' && (
        <Text size="xs" c="dimmed" mb="sm">
          {t('person.audited')}
          {can('audit:read') && (
            <>
              {' '}
              <Link to={`/settings/audit?object=${encodeURIComponent(p.id)}`}>{t('person.toAudit')}</Link>
            </>
          )}
        </Text>
      )}
      {p.left && (
        <Alert color="orange" variant="light" mb="sm">
          {t('person.leftText')}
        </Alert>
      )}
      <div className="two">
        <div>
          <Panel title={t('person.about')}>
            <Facts
              items={[
                [t('people.number'), p.number || '–'],
                ...(p.kind === 'student'
                  ? ([
                      [t('people.class'), p.class || '–'],
                      [t('people.boarder'), p.boarder ? t('common.yes') : t('common.no')],
                    ] as [string, string][])
                  : []),
                [t('people.phone'), p.phone || '–'],
                [t('person.since'), f.moment(p.created)],
                ...(p.left ? ([[t('person.leftOn'), f.moment(p.left)]] as [string, string][]) : []),
              ]}
            />
          </Panel>
          {can('people:open') && <ContactPanel p={p} reason={reason} />}
          <ConsentPanel p={p} renew={renew} />
          <Passes p={p} renew={renew} />
        </div>
        <div>
          <PersonLine id={p.id} reason={reason} />
          {can('attendance:read') && <AttendanceOf id={p.id} reason={reason} />}
          {can('sightings:read') && <SightingsOf id={p.id} reason={reason} />}
        </div>
      </div>
      {open === 'edit' && <EditPerson p={p} etag={etag} reason={reason} onClose={close} renew={renew} />}
      <Ask
        opened={open === 'left'}
        onClose={close}
        title={t(p.left ? 'person.backTitle' : 'person.leaveTitle', { name: p.name })}
        text={t(p.left ? 'person.backText' : 'person.leaveText')}
        deed={t(p.left ? 'person.back' : 'person.leave')}
        onDo={async () => {
          await asShown(
            call(`/v1/people/${encodeURIComponent(p.id)}/left`, {
              method: 'PUT',
              body: { left: !p.left } satisfies Sent<'LeftInput'>,
              match: etag,
            }),
          )
          await renew()
          void cache.invalidateQueries({ queryKey: ['people'] })
        }}
      />
      <Ask
        opened={open === 'delete'}
        onClose={close}
        danger
        title={t('person.deleteTitle', { name: p.name })}
        text={t('person.deleteText')}
        deed={t('person.delete')}
        onDo={async () => {
          await asShown(call(`/v1/people/${encodeURIComponent(p.id)}`, { method: 'DELETE', match: etag }))
          void cache.invalidateQueries({ queryKey: ['people'] })
          void go('/people', { replace: true })
          return leaves
        }}
      />
    </Page>
  )
}

function ConsentPanel({ p, renew }: { p: PersonData; renew: () => Promise<unknown> }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const [asking, setAsking] = useState(false)
  const all = p.consents ?? []
  const given = all[0]?.given ?? false
  return (
    <Panel
      title={t('consent.title')}
      actions={
        <>
          {given ? (
            <Tag tone="green" dot>
              {t('consent.given')}
            </Tag>
          ) : (
            <Tag dot>{t('consent.none')}</Tag>
          )}
          {can('faces:admin') && (
            <Button size="xs" variant="default" onClick={() => setAsking(true)}>
              {given ? t('consent.withdraw') : t('consent.give')}
            </Button>
          )}
        </>
      }>
      <Text size="sm" c="dimmed">
        {given ? t('consent.givenText') : t('consent.noneText')}
      </Text>
      {all.length > 0 && (
        <ul className="plain">
          {all.slice(0, 5).map((c) => (
            <li key={c.at}>
              <Text size="sm">
                {f.moment(c.at)}:{' '}
                {c.given ? t('consent.gave', { by: c.by }) : t('consent.withdrew', { by: c.by })}
                {c.note && ` (${c.note})`}
              </Text>
            </li>
          ))}
        </ul>
      )}
      {asking && <AskConsent p={p} given={given} renew={renew} onClose={() => setAsking(false)} />}
    </Panel>
  )
}

function Passes({ p, renew }: { p: PersonData; renew: () => Promise<unknown> }) {
  const { t } = useT()
  const f = useFormat()
  const { can } = useSession()
  const [card, setCard] = useState(false)
  const [gone, setGone] = useState<Pass>()
  const face = useDeed()
  const consent = p.consents?.[0]?.given ?? false
  const passes = p.passes ?? []
  const [photo, setPhoto] = useState<File>()
  const upload = (file: File | null, answers?: string[]) =>
    file &&
    face.run(async () => {
      setPhoto(file)
      const sent = await photoToSend(file)
      await call(`/v1/people/${encodeURIComponent(p.id)}/face`, {
        query: { answers: answers?.join(',') },
        method: 'POST',
        body: sent,
        type: sent.type || 'image/jpeg',
      })
      await renew()
      said(t('pass.faceDone'))
    })
  return (
    <Panel
      title={t('pass.title')}
      flush
      actions={
        <>
          {can('people:write') && (
            <Button size="xs" variant="default" onClick={() => setCard(true)}>
              {t('pass.addCard')}
            </Button>
          )}
          {can('faces:admin') && consent && (
            <FileButton accept="image/jpeg,image/png" onChange={(f) => void upload(f)}>
              {(props) => (
                <Button size="xs" loading={face.busy} {...props}>
                  {t('pass.addFace')}
                </Button>
              )}
            </FileButton>
          )}
        </>
      }>
      {can('faces:admin') && !consent && (
        <Text size="sm" c="dimmed" p="sm">
          {t('pass.needsConsent')}
        </Text>
      )}
      <FaceAsks
        questions={questionsOf(face.error)}
        busy={face.busy}
        onClose={face.clear}
        onAnswer={(a) => void upload(photo ?? null, a)}
      />
      {face.error !== undefined && questionsOf(face.error).length === 0 && (
        <Alert
          color="red"
          variant="light"
          m="sm"
          title={<span className="probe-title">{t('pass.refused')}</span>}
          role="alert">
          <Text size="sm">{photoText(face.error, t, f.number)}</Text>
          <Text size="xs" mt={4}>
            {t('pass.photoHelp')}
          </Text>
        </Alert>
      )}
      {passes.length === 0 ? (
        <Empty title={t('pass.none')} hint={t('pass.noneHint')} />
      ) : (
        <Rows
          label={t('pass.title')}
          rows={passes}
          id={(x) => x.id}
          columns={[
            { key: 'method', label: t('pass.method'), main: true, cell: (x) => t('method.' + x.method) },
            {
              key: 'what',
              label: t('pass.what'),
              cell: (x) =>
                x.method === 'face'
                  ? t('pass.quality', { q: (x.quality ?? 0).toFixed(2) })
                  : x.duress && can('people:write')
                    ? t('pass.isDuress')
                    : x.masked
                      ? `…${x.masked}`
                      : '–',
            },
            { key: 'created', label: t('pass.since'), cell: (x) => <When at={x.created} /> },
            { key: 'expires', label: t('pass.until'), cell: (x) => <When at={x.expires} /> },
            {
              key: 'do',
              label: '',
              right: true,
              cell: (x) =>
                can('people:write') ? (
                  <Button size="compact-xs" variant="default" onClick={() => setGone(x)}>
                    {t('common.remove')}
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
      {card && <AddCard id={p.id} onClose={() => setCard(false)} renew={renew} />}
      <Ask
        opened={!!gone}
        onClose={() => setGone(undefined)}
        danger
        title={t('pass.removeTitle')}
        text={t('pass.removeText')}
        deed={t('common.remove')}
        onDo={async () => {
          await call(`/v1/passes/${encodeURIComponent(gone!.id)}`, { method: 'DELETE' })
          await renew()
        }}
      />
    </Panel>
  )
}

/** Why a photograph was refused, in the user's language if possible. */
function photoText(e: unknown, t: T, say: (n: number) => string): string {
  if (e instanceof PhotoRefused) return t('photo.' + e.kind)
  const why = refusalOf(e)
  if (why) return t('photoRefused.' + why.reason, { have: say(why.have), need: say(why.need) })
  return e instanceof APIError && e.code === 'invalid' && e.message ? e.message : errorText(e, t)
}

/** The dialog to record consent, or to withdraw it. */
function AskConsent({
  p,
  given,
  onClose,
  renew,
}: {
  p: PersonData
  given: boolean
  onClose: () => void
  renew: () => Promise<unknown>
}) {
  const { t } = useT()
  const form = useForm('ConsentInput', { by: '', note: '' })
  const by = form.v.by.trim()
  const note = form.v.note.trim()
  const save = async () => {
    await call(`/v1/people/${encodeURIComponent(p.id)}/consent`, {
      method: 'POST',
      body: { given: !given, by, note } satisfies Sent<'ConsentInput'>,
    })
    await renew()
    said(given ? t('consent.withdrawn') : t('consent.recorded'))
  }
  return (
    <FormDialog
      form={form}
      save={save}
      ready={!!by && !!note}
      deed={given ? t('consent.withdraw') : t('consent.give')}
      danger={given}
      onClose={onClose}
      title={given ? t('consent.withdraw') : t('consent.give')}>
      <Text size="sm">{given ? t('consent.withdrawText') : t('consent.giveText')}</Text>
      <TextInput
        label={t('consent.by')}
        description={t('consent.byHelp')}
        required
        data-autofocus
        {...form.text('by')}
      />
      <TextInput
        label={t('consent.note')}
        description={t('consent.noteHelp')}
        required
        {...form.text('note')}
      />
    </FormDialog>
  )
}

function AddCard({ id, onClose, renew }: { id: string; onClose: () => void; renew: () => Promise<unknown> }) {
  const { t } = useT()
  const { school } = useSession()
  const form = useForm('CardInput', {
    method: 'card' as (typeof cardMethods)[number],
    credential: '',
    starts: '',
    expires: '',
    duress: false,
  })
  const { v, set, text, check } = form
  const save = async () => {
    await call(`/v1/people/${encodeURIComponent(id)}/cards`, {
      method: 'POST',
      body: {
        method: v.method,
        credential: v.credential.trim(),
        ...(v.method === 'pin' && v.duress ? { duress: true } : {}),
        ...(v.starts ? { starts: instantIn(school.timezone, `${v.starts}T00:00`) } : {}),
        ...(v.expires ? { expires: instantIn(school.timezone, `${v.expires}T23:59`) } : {}),
      } satisfies Sent<'CardInput'>,
    })
    await renew()
  }
  return (
    <FormDialog form={form} save={save} onClose={onClose} title={t('pass.addCard')}>
      <Select
        label={t('pass.method')}
        allowDeselect={false}
        value={v.method}
        onChange={(m) => m && set({ method: m as typeof v.method })}
        data={cardMethods.map((m) => ({ value: m, label: t('method.' + m) }))}
      />
      <TextInput
        label={t('pass.number')}
        description={t('pass.numberHelp')}
        required
        data-autofocus
        autoComplete="off"
        {...text('credential')}
      />
      <TextInput label={t('pass.from')} type="date" {...text('starts')} />
      <TextInput label={t('pass.until')} type="date" {...text('expires')} />
      {v.method === 'pin' && (
        <Checkbox label={t('pass.duress')} description={t('pass.duressHelp')} {...check('duress')} />
      )}
    </FormDialog>
  )
}

function EditPerson({
  p,
  etag,
  reason,
  onClose,
  renew,
}: {
  p: PersonData
  etag: string
  reason: string
  onClose: () => void
  renew: () => Promise<unknown>
}) {
  const { t } = useT()
  const cache = useQueryClient()
  const classes = useClasses()
  const form = useForm('PersonPatch', {
    name: p.name,
    number: p.number ?? '',
    class: p.class ?? '',
    phone: p.phone ?? '',
    boarder: p.boarder ?? false,
  })
  const { v, text, check } = form
  const fresh = useRef(false) // somebody else's change was shown: fetch from now on
  const save = async () => {
    const path = `/v1/people/${encodeURIComponent(p.id)}` as const
    // Use the ETag of the page's state: another fetch would be audited.
    await change(path, form.base, v, {
      read: path + query({ reason }),
      etag: fresh.current ? undefined : etag,
    }).catch((e: unknown) => {
      fresh.current = fresh.current || e instanceof Clashes
      throw e
    })
    await renew()
    void cache.invalidateQueries({ queryKey: ['people'] })
  }
  return (
    <FormDialog form={form} save={save} onClose={onClose} title={t('person.edit')}>
      <TextInput label={t('people.name')} required {...text('name')} />
      <TextInput label={t('people.number')} {...text('number')} />
      {p.kind === 'student' && (
        <>
          <TextInput label={t('people.class')} list="classes" {...text('class')} />
          <datalist id="classes">
            {classes.map((c) => (
              <option key={c} value={c} />
            ))}
          </datalist>
          <Switch label={t('people.boarder')} {...check('boarder')} />
        </>
      )}
      <TextInput label={t('people.phone')} type="tel" {...text('phone')} />
    </FormDialog>
  )
}

function AttendanceOf({ id, reason }: { id: string; reason: string }) {
  const { t } = useT()
  const f = useFormat()
  const q = useQuery({
    queryKey: ['person-attendance', id],
    queryFn: () => call('/v1/attendance', { query: { person: id, limit: 20, reason } }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  const sessions = useQuery({
    queryKey: ['sessions', 'today'],
    queryFn: () => call('/v1/sessions'),
  })
  const name = (s: string, kind: string) => {
    const found = sessions.data?.items?.find((x) => x.id === s)
    return found ? f.local(found.name, found.name_zh) : t('sessionKind.' + kind)
  }
  return (
    <Panel title={t('nav.attendance')} flush>
      <Loaded q={q}>
        {(d) =>
          d.items?.length ? (
            <Rows
              label={t('nav.attendance')}
              rows={d.items}
              id={(a) => a.session}
              columns={[
                {
                  key: 'session',
                  label: t('attendance.session'),
                  main: true,
                  cell: (a) => `${name(a.session, a.kind)} · ${a.date}`,
                },
                { key: 'state', label: t('attendance.state'), cell: (a) => <AttendanceTag s={a.state} /> },
                {
                  key: 'at',
                  label: t('attendance.at'),
                  cell: (a) => (a.at ? f.clock(a.at) : '–'),
                },
              ]}
            />
          ) : (
            <Empty title={t('attendance.noneFor')} />
          )
        }
      </Loaded>
    </Panel>
  )
}

function SightingsOf({ id, reason }: { id: string; reason: string }) {
  const { t } = useT()
  const list = usePaged('person-sightings', '/v1/sightings', { person: id, reason }, { limit: 20 })
  return (
    <Panel title={t('person.sightings')} flush>
      <PagedList list={list} empty={<Empty title={t('sighting.none')} hint={t('sighting.noneHint')} />}>
        {(rows) => rows.map((s) => <SightingLine key={s.id} s={s} place />)}
      </PagedList>
    </Panel>
  )
}
