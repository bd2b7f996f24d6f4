// One request for leave: what is asked for and why, what was answered, and one's own answer.

import { Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { LeaveRequest, Sent } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat } from '../../session'
import { Dialog } from '../../ui/dialog'
import { Facts, Loaded, said, Trouble, useDeed } from '../../ui/kit'

export function RequestDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useT()
  const [refusing, refuse] = useState(false)
  const [why, say] = useState('')
  const q = useQuery({
    queryKey: ['leave-request', id],
    queryFn: () => call(`/v1/leave-requests/${encodeURIComponent(id)}`),
    staleTime: Infinity, // each look is in the audit log
  })
  return (
    <Dialog opened onClose={onClose} title={t('leaveAsk.title')} unsaved={!!why.trim()}>
      <Loaded q={q}>
        {(x) => (
          <Stack>
            <Whole x={x} />
            {x.may_answer && (
              <Answer x={x} refusing={refusing} refuse={refuse} why={why} say={say} onClose={onClose} />
            )}
          </Stack>
        )}
      </Loaded>
    </Dialog>
  )
}

function Whole({ x }: { x: LeaveRequest }) {
  const { t } = useT()
  const f = useFormat()
  return (
    <>
      <Facts
        items={[
          [t('leaveAsk.pupil'), [x.name || x.person, x.class].filter(Boolean).join(' · ')],
          [t('leaveAsk.guardian'), x.guardian_name || x.guardian],
          [t('visit.from'), f.moment(x.from)],
          [t('visit.to'), f.moment(x.to)],
          [t('leaveAsk.kind'), t('leaveKind.' + x.kind)],
          [t('visit.state'), t('leaveState.' + x.state)],
          ...(x.reason ? [[t('leaveAsk.reason'), x.reason] as [string, string]] : []),
        ]}
      />
      {x.note && (
        <Text size="sm" style={{ whiteSpace: 'pre-line' }}>
          {x.note}
        </Text>
      )}
      {!x.reason && (
        <Text size="sm" c="dimmed">
          {t('leaveAsk.noReason')}
        </Text>
      )}
      <ol className="steps">
        {x.steps.map((s, i) => (
          <li key={i}>
            <Text size="sm">
              {s.name || t('leaveAsk.teacher')}:{' '}
              {s.answered
                ? t(s.approved ? 'leaveAsk.approvedBy' : 'leaveAsk.refusedBy', {
                    who: s.by ?? '',
                    at: f.short(s.answered),
                  })
                : x.state === 'asked'
                  ? t('leaveAsk.waiting')
                  : '–'}
              {s.reason ? ` · ${s.reason}` : ''}
            </Text>
          </li>
        ))}
      </ol>
    </>
  )
}

function Answer(p: {
  x: LeaveRequest
  refusing: boolean
  refuse: (on: boolean) => void
  why: string
  say: (why: string) => void
  onClose: () => void
}) {
  const { t } = useT()
  const cache = useQueryClient()
  const deed = useDeed()
  const answer = (approve: boolean) =>
    deed.run(async () => {
      try {
        await call(`/v1/leave-requests/${encodeURIComponent(p.x.id)}/answer`, {
          method: 'POST',
          body: {
            step: p.x.waiting_step,
            approve,
            reason: approve ? undefined : p.why.trim(),
          } satisfies Sent<'AnswerLeaveInput'>,
        })
      } finally {
        await cache.invalidateQueries({ queryKey: ['leave-requests'] })
      }
      said(t(approve ? 'leaveAsk.saidApproved' : 'leaveAsk.saidRefused'))
      p.onClose()
    })
  return (
    <>
      {p.refusing && (
        <Textarea
          label={t('leaveAsk.why')}
          required
          autosize
          minRows={2}
          maxLength={500}
          value={p.why}
          onChange={(e) => p.say(e.currentTarget.value)}
          data-autofocus
        />
      )}
      {deed.error !== undefined && <Trouble error={deed.error} />}
      <Group justify="flex-end">
        {p.refusing ? (
          <>
            <Button variant="default" onClick={() => p.refuse(false)}>
              {t('common.cancel')}
            </Button>
            <Button
              color="red"
              loading={deed.busy}
              disabled={!p.why.trim()}
              onClick={() => void answer(false)}>
              {t('leaveAsk.refuse')}
            </Button>
          </>
        ) : (
          <>
            <Button variant="default" onClick={() => p.refuse(true)}>
              {t('leaveAsk.refuse')}
            </Button>
            <Button loading={deed.busy} onClick={() => void answer(true)} data-testid="approve">
              {t('leaveAsk.approve')}
            </Button>
          </>
        )}
      </Group>
    </>
  )
}
