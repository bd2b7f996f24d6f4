// Rules that ship to begin from, and how many of the caller's schools' rules began as each.

import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { call } from '../../api/client'
import { useT } from '../../i18n'
import { useFormat, useSession } from '../../session'
import { useAddress } from '../../ui/address'
import { Empty, Loaded, Panel, Rows } from '../../ui/kit'
import { SearchField } from '../../ui/searchfield'
import { SeverityTag } from '../../ui/states'
import { RuleEditor } from './editor'
import { fileOf, filesOf, save } from './file'
import { Newer } from './newer'

export function useTemplates(enabled = true) {
  return useQuery({
    queryKey: ['rules', 'templates'],
    queryFn: () => call('/v1/rule-templates'),
    enabled,
  })
}

export function Templates() {
  const { t } = useT()
  const f = useFormat()
  const { can, schools } = useSession()
  const at = useAddress()
  const q = useTemplates()
  const text = at.get('q').toLowerCase()
  const open = at.get('template')
  const school = (id: string) => schools.find((s) => s.id === id)?.name ?? id
  return (
    <Panel flush label={t('rules.templates')}>
      <div className="filters">
        <SearchField label={t('rules.search')} />
        <Button
          size="xs"
          variant="default"
          disabled={!q.data}
          onClick={() => save('templates.yaml', filesOf(q.data?.templates ?? []))}>
          {t('rules.saveAll')}
        </Button>
      </div>
      <Loaded q={q}>
        {(d) => {
          const all = d.templates.filter(
            (x) => !text || [x.id, x.title, x.title_zh, x.group].some((s) => s?.toLowerCase().includes(text)),
          )
          if (!all.length) return <Empty title={t('rules.noneFits')} hint={t('rules.noneFitsHint')} />
          return (
            <Rows
              label={t('rules.templates')}
              rows={all}
              id={(x) => x.id}
              columns={[
                {
                  key: 'title',
                  label: t('rules.title'),
                  main: true,
                  cell: (x) => (
                    <Stack gap={4} align="flex-start">
                      <button
                        type="button"
                        className="linkish"
                        aria-expanded={open === x.id}
                        onClick={() => at.change({ template: open === x.id ? null : x.id })}>
                        {f.local(x.title, x.title_zh)}
                      </button>
                      <Newer x={x} />
                      {open === x.id && <RuleEditor text={x.text} label={x.id} readOnly />}
                    </Stack>
                  ),
                },
                { key: 'severity', label: t('rules.severity'), cell: (x) => <SeverityTag s={x.severity} /> },
                { key: 'group', label: t('rules.group'), cell: (x) => x.group },
                {
                  key: 'uses',
                  label: t('rules.usedBy'),
                  cell: (x) =>
                    x.uses ? (
                      <>
                        {t('rules.uses', { count: x.uses })}
                        {x.school_count > 1 && ' · ' + t('rules.ofSchools', { count: x.school_count })}
                        {schools.length > 1 && (
                          <Text size="xs" c="dimmed">
                            {[...new Set(x.schools)].slice(0, 3).map(school).join(', ')}
                          </Text>
                        )}
                      </>
                    ) : (
                      '–'
                    ),
                },
                {
                  key: 'do',
                  label: '',
                  right: true,
                  cell: (x) => (
                    <Group gap={6} justify="flex-end" wrap="nowrap">
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        onClick={() => save(x.id + '.yaml', fileOf({ id: x.id, text: x.text }))}
                        aria-label={t('rules.saveFile') + ': ' + f.local(x.title, x.title_zh)}>
                        {t('rules.saveFile')}
                      </Button>
                      {can('rules:write') && (
                        <Button
                          size="compact-sm"
                          variant="default"
                          component={Link}
                          to={'/rules/new?template=' + encodeURIComponent(x.id)}
                          aria-label={t('rules.begin') + ': ' + f.local(x.title, x.title_zh)}>
                          {t('rules.begin')}
                        </Button>
                      )}
                    </Group>
                  ),
                },
              ]}
            />
          )
        }}
      </Loaded>
    </Panel>
  )
}
