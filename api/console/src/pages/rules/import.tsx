// Rules of a file: what taking each would do, rule by rule, and then taking them.

import { Alert, Button, Checkbox, FileButton, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconFile } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { ImportedRule, ImportedRules } from '../../api/types'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { Loaded, Panel, Rows, said, Tag, Trouble, useDeed, type Tone } from '../../ui/kit'
import { SeverityTag } from '../../ui/states'
import { Difference } from './difference'
import { Frame } from './new'
import { renewRules } from './save'

const most = 256 << 10 // bytes of a file

const tone: Record<ImportedRule['what'], Tone> = {
  added: 'green',
  newer: 'blue',
  same: 'gray',
  kept: 'orange',
  refused: 'red',
}

export function ImportRules() {
  const { t } = useT()
  const { school } = useSession()
  const [file, setFile] = useState<{ name: string; yaml: string }>()
  const [large, setLarge] = useState('')
  async function read(f: File | null) {
    if (!f) return
    setLarge(f.size > most ? f.name : '')
    setFile(f.size > most ? undefined : { name: f.name, yaml: await f.text() })
  }
  return (
    <Frame title={t('rules.import')} sub={t('rules.importSub', { school: school.name })}>
      <Stack>
        <Group>
          <FileButton accept=".yaml,.yml,.txt" onChange={(f) => void read(f)}>
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconFile size={16} aria-hidden />}>
                {t('rules.chooseFile')}
              </Button>
            )}
          </FileButton>
          {file && <Text size="sm">{file.name}</Text>}
        </Group>
        {large && (
          <Alert color="red" role="alert">
            {t('rules.importTooLarge', { name: large })}
          </Alert>
        )}
        {file && <Preview key={school.id + file.name + file.yaml} yaml={file.yaml} school={school.id} />}
      </Stack>
    </Frame>
  )
}

function Preview({ yaml, school }: { yaml: string; school: string }) {
  const { t } = useT()
  const cache = useQueryClient()
  const deed = useDeed()
  const [enabled, setEnabled] = useState(false)
  const [note, setNote] = useState('')
  const [done, setDone] = useState<ImportedRules>()
  const q = useQuery({
    queryKey: ['rules', 'import', school, yaml],
    queryFn: () => call('/v1/rule-imports', { method: 'POST', body: { school, yaml, dry_run: true } }),
    gcTime: 0,
    retry: false,
  })
  const take = () =>
    deed.run(async () => {
      const out = await call('/v1/rule-imports', { method: 'POST', body: { school, yaml, enabled, note } })
      setDone(out)
      await renewRules(cache)
      said(t('rules.imported', { count: out.rules.filter(taken).length }))
    })
  if (done) return <Listed of={done} />
  return (
    <Loaded q={q}>
      {(d) => {
        const count = d.rules.filter(taken).length
        return (
          <Stack>
            <Listed of={d} />
            {count > 0 && (
              <>
                <Checkbox
                  label={t('rules.importOn')}
                  checked={enabled}
                  onChange={(e) => setEnabled(e.currentTarget.checked)}
                />
                <TextInput
                  label={t('rules.note')}
                  value={note}
                  maxLength={500}
                  onChange={(e) => setNote(e.currentTarget.value)}
                />
              </>
            )}
            {deed.error !== undefined && <Trouble error={deed.error} />}
            <Group>
              <Button disabled={count === 0} loading={deed.busy} onClick={() => void take()}>
                {t('rules.importDo', { count })}
              </Button>
            </Group>
          </Stack>
        )
      }}
    </Loaded>
  )
}

const taken = (x: ImportedRule) => x.what === 'added' || x.what === 'newer'

function Listed({ of }: { of: ImportedRules }) {
  const { t } = useT()
  const f = useFormat()
  const [open, setOpen] = useState('')
  return (
    <Panel flush label={t('rules.import')}>
      <Rows
        label={t('rules.import')}
        rows={of.rules}
        id={(x) => x.id}
        columns={[
          {
            key: 'title',
            label: t('rules.title'),
            main: true,
            cell: (x) => (
              <Stack gap={4} align="flex-start">
                <Text size="sm">{f.local(x.title, x.title_zh) || x.id}</Text>
                {x.was && x.what !== 'same' && (
                  <button
                    type="button"
                    className="linkish"
                    aria-expanded={open === x.id}
                    onClick={() => setOpen(open === x.id ? '' : x.id)}>
                    {t('rules.importDiffers')}
                  </button>
                )}
                {open === x.id && x.was && (
                  <Difference was={x.was} is={x.is} label={t('rules.importDiffers')} />
                )}
              </Stack>
            ),
          },
          { key: 'severity', label: t('rules.severity'), cell: (x) => <SeverityTag s={x.severity} /> },
          {
            key: 'what',
            label: t(of.dry_run ? 'rules.importWould' : 'rules.importDid'),
            cell: (x) => (
              <Stack gap={2} align="flex-start">
                <Tag tone={tone[x.what]}>{t('rules.importWhat.' + x.what)}</Tag>
                {(x.problem || x.what === 'kept') && (
                  <Text size="sm">{x.problem || t('rules.importKeptWhy')}</Text>
                )}
              </Stack>
            ),
          },
        ]}
      />
    </Panel>
  )
}
