// A field to search by. It answers at once to whoever types, also in an input method that
// composes characters, and writes the address when the typing rests.

import { TextInput, type TextInputProps } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { useAddress } from './address'

const rest = 300 // ms

interface Props extends Omit<TextInputProps, 'value' | 'onChange'> {
  param?: string
  label: string
}

export function SearchField({ param = 'q', label, ...more }: Props) {
  const { get, put } = useAddress()
  const there = get(param)
  const [text, setText] = useState(there)
  const wrote = useRef(there)
  useEffect(() => {
    // Back, forward or a link: the address changed, and not by this field.
    if (there !== wrote.current) {
      wrote.current = there
      setText(there)
    }
  }, [there])
  useEffect(() => {
    if (text === wrote.current) return
    const timer = setTimeout(() => {
      wrote.current = text
      put(param, text, { typed: true })
    }, rest)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text])
  return (
    <TextInput
      leftSection={<IconSearch size={16} aria-hidden />}
      placeholder={label}
      aria-label={label}
      maxLength={128}
      {...more}
      value={text}
      onChange={(e) => setText(e.currentTarget.value)}
    />
  )
}
