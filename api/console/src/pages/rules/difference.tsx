// Two texts, line by line: what was taken out and put in, with three lines around.

import { Text } from '@mantine/core'
import { Fragment } from 'react'
import { useT } from '../../i18n'
import { lineChanges } from './diff'

const around = 3

export function Difference({ was, is, label }: { was: string; is: string; label: string }) {
  const { t } = useT()
  const lines = lineChanges(was.trimEnd(), is.trimEnd())
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some((x) => x.sign !== ' '),
  )
  if (!near.includes(true)) return <Text size="sm">{t('rules.sameText')}</Text>
  return (
    <div className="rule-diff" tabIndex={0} role="region" aria-label={label}>
      {lines.map((x, i) => {
        if (!near[i]) return near[i - 1] || i === 0 ? <div key={i}>…</div> : <Fragment key={i} />
        const kind = { '+': 'in', '-': 'out', ' ': undefined }[x.sign]
        return (
          <div key={i} className={kind}>
            {x.sign === '+' ? <ins>+ {x.line}</ins> : x.sign === '-' ? <del>− {x.line}</del> : '  ' + x.line}
          </div>
        )
      })}
    </div>
  )
}
