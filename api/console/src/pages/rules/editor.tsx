// A plain text field for rules with the errors under the words, and suggestions at the caret. The
// text is drawn twice: in the field itself, and behind it with the marks.

import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { RuleProblem } from '../../api/types'
import { useT } from '../../i18n'
import { endOf, halfWidth, halfWidthAll, offsetOf, suggestions, type Known } from './complete'

interface Props {
  text: string
  label: string
  readOnly?: boolean
  problems?: RuleProblem[]
  doubts?: RuleProblem[]
  known?: Known
  onChange?: (text: string) => void
  onSave?: () => void
}

interface Mark {
  p: RuleProblem
  kind: 'wrong' | 'doubt'
}

const none: RuleProblem[] = []

export function RuleEditor({ text, label, readOnly, problems = none, doubts = none, ...p }: Props) {
  const { t } = useT()
  const field = useRef<HTMLTextAreaElement>(null)
  const back = useRef<HTMLDivElement>(null)
  const marks = useMemo<Mark[]>(
    () => [
      ...problems.map((x) => ({ p: x, kind: 'wrong' as const })),
      ...doubts.map((x) => ({ p: x, kind: 'doubt' as const })),
    ],
    [problems, doubts],
  )
  const words = useSuggestions(field, text, readOnly ? undefined : p.known, p.onChange)
  const select = (m: Mark) => {
    const from = offsetOf(text, m.p.line, m.p.column)
    field.current?.focus()
    field.current?.setSelectionRange(from, endOf(text, from, m.p.length))
  }
  const key = (e: KeyboardEvent) => {
    if (words.key(e)) return
    if ((e.ctrlKey || e.metaKey) && e.key === 's' && p.onSave) {
      e.preventDefault()
      p.onSave()
    } else if (e.key === 'F8' && marks.length) {
      e.preventDefault()
      const at = field.current?.selectionStart ?? 0
      select(marks.find((m) => offsetOf(text, m.p.line, m.p.column) > at) ?? marks[0])
    }
  }
  const wrong = new Map(marks.map((m) => [m.p.line, m.kind]))
  return (
    <div className="rule-editor">
      <div className="rule-text" data-readonly={readOnly || undefined}>
        <div className="rule-back" aria-hidden ref={back}>
          <Lines text={text} kinds={wrong} />
          <pre>
            {pieces(text, marks).map((x, i) =>
              x.kind ? (
                <mark key={i} className={x.kind}>
                  {x.text}
                </mark>
              ) : (
                x.text
              ),
            )}
            {'\n'}
          </pre>
        </div>
        <textarea
          ref={field}
          value={text}
          aria-label={label}
          aria-invalid={problems.length > 0}
          aria-autocomplete={readOnly ? undefined : 'list'}
          aria-controls={words.open ? words.list : undefined}
          aria-activedescendant={words.open ? `${words.list}-${words.chosen}` : undefined}
          readOnly={readOnly}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          maxLength={65536}
          onChange={(e) => {
            p.onChange?.(e.currentTarget.value)
            words.typed(e.currentTarget.selectionStart)
          }}
          onSelect={(e) => words.moved(e.currentTarget.selectionStart)}
          onBlur={words.close}
          onScroll={(e) => {
            if (!back.current) return
            back.current.scrollTop = e.currentTarget.scrollTop
            back.current.scrollLeft = e.currentTarget.scrollLeft
          }}
          onKeyDown={key}
        />
        {words.open && <Words words={words} text={text} field={field} />}
      </div>
      {marks.length > 0 && (
        <ul className="rule-problems" aria-live="polite" aria-label={t('rules.remarks')}>
          {marks.map((m, i) => (
            <li key={i} className={m.kind}>
              <button type="button" onClick={() => select(m)}>
                {t('rules.at', { line: m.p.line, column: m.p.column })}
              </button>{' '}
              {m.p.message}{' '}
              {!readOnly && m.kind === 'wrong' && <Mend m={m} text={text} onChange={p.onChange} />}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Lines({ text, kinds }: { text: string; kinds: Map<number, string> }) {
  const n = text.split('\n').length
  return (
    <div className="rule-lines">
      {Array.from({ length: n }, (_, i) => (
        <span key={i} data-kind={kinds.get(i + 1)}>
          {i + 1}
        </span>
      ))}
    </div>
  )
}

/** Where a line has an error and Chinese punctuation: puts that of the whole text into YAML's. */
function Mend({ m, text, onChange }: { m: Mark; text: string; onChange?: (text: string) => void }) {
  const { t } = useT()
  if (!halfWidth(text.split('\n')[m.p.line - 1] ?? '') || !onChange) return null
  return (
    <button type="button" onClick={() => onChange(halfWidthAll(text))}>
      {t('rules.mendPunctuation')}
    </button>
  )
}

type Suggested = ReturnType<typeof useSuggestions>

function useSuggestions(
  field: React.RefObject<HTMLTextAreaElement | null>,
  text: string,
  known: Known | undefined,
  onChange?: (text: string) => void,
) {
  const list = useId()
  const [caret, setCaret] = useState(0)
  const [open, setOpen] = useState<'' | 'typed' | 'asked'>('')
  const [at, setAt] = useState(0)
  const offered = useMemo(
    () => (open && known ? suggestions(text, caret, known) : undefined),
    [open, text, caret, known],
  )
  const words = offered?.words ?? []
  const shown = words.length > 0 && (open === 'asked' || (open === 'typed' && !offered?.whole))
  const chosen = Math.min(at, words.length - 1)
  const after = useRef<number>(undefined) // where the caret goes once the text is there
  useLayoutEffect(() => {
    if (after.current === undefined) return
    field.current?.setSelectionRange(after.current, after.current)
    setCaret(after.current)
    after.current = undefined
  }, [text, field])
  const take = (word: string) => {
    if (!offered) return
    after.current = offered.from + word.length
    onChange?.(text.slice(0, offered.from) + word + text.slice(caret))
    field.current?.focus()
    setAt(0)
    setOpen(/[ {]$/.test(word) ? 'asked' : '') // a key: its values are offered next
  }
  const key = (e: KeyboardEvent): boolean => {
    if (e.key === ' ' && e.ctrlKey) {
      e.preventDefault()
      setCaret(field.current?.selectionStart ?? caret)
      setOpen('asked')
      return true
    }
    if (!shown) return false
    const n = words.length
    if (e.key === 'Escape') {
      e.preventDefault()
      e.stopPropagation()
      setOpen('')
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      setAt((chosen + (e.key === 'ArrowDown' ? 1 : n - 1)) % n)
    } else if ((e.key === 'Enter' && !e.nativeEvent.isComposing) || e.key === 'Tab') {
      e.preventDefault()
      take(words[chosen].word)
    } else return false
    return true
  }
  return {
    list,
    open: shown,
    words,
    chosen,
    from: offered?.from ?? 0,
    key,
    take,
    close: () => setOpen(''),
    typed: (to: number) => (setCaret(to), setOpen('typed'), setAt(0)),
    moved: (to: number) => {
      if (to === caret) return
      setCaret(to)
      setOpen('')
    },
  }
}

// The list of suggestions below the word that is being typed; a copy of the text says where that is.
function Words(p: { words: Suggested; text: string; field: React.RefObject<HTMLTextAreaElement | null> }) {
  const { t } = useT()
  const { words, text } = p
  const ruler = useRef<HTMLPreElement>(null)
  const [place, setPlace] = useState<{ left: number; top: number }>()
  useEffect(() => {
    const end = ruler.current?.lastElementChild as HTMLElement | null
    const f = p.field.current
    if (!end || !f) return
    const left = Math.max(0, Math.min(end.offsetLeft - f.scrollLeft, f.clientWidth - 240))
    setPlace({ left, top: end.offsetTop + end.offsetHeight - f.scrollTop + 2 })
  }, [words.from, text, p.field])
  return (
    <>
      <pre className="rule-ruler" aria-hidden ref={ruler}>
        {text.slice(0, words.from)}
        <span>|</span>
      </pre>
      <ul
        id={words.list}
        role="listbox"
        className="rule-words"
        aria-label={t('rules.suggestions')}
        style={place ?? { visibility: 'hidden' }}>
        {words.words.map((x, i) => (
          <li
            key={x.word}
            id={`${words.list}-${i}`}
            role="option"
            aria-selected={i === words.chosen}
            ref={(el) => {
              if (i === words.chosen) el?.scrollIntoView?.({ block: 'nearest' })
            }}
            onMouseDown={(e) => (e.preventDefault(), words.take(x.word))}>
            <code>{x.word}</code> {x.says && <span className="dim">{x.says}</span>}
          </li>
        ))}
      </ul>
    </>
  )
}

interface Piece {
  text: string
  kind?: string
}

/** The text in pieces: those with a mark, and those between. Marks that overlap are left out. */
function pieces(text: string, marks: Mark[]): Piece[] {
  const out: Piece[] = []
  let at = 0
  const spans = marks
    .map((m) => ({ from: offsetOf(text, m.p.line, m.p.column), length: m.p.length, kind: m.kind }))
    .sort((a, b) => a.from - b.from)
  for (const s of spans) {
    const to = endOf(text, s.from, s.length)
    if (s.from < at || to <= s.from) continue
    out.push({ text: text.slice(at, s.from) })
    out.push({ text: text.slice(s.from, to), kind: s.kind })
    at = to
  }
  out.push({ text: text.slice(at) })
  return out
}
