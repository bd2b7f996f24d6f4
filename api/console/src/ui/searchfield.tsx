// A search field. It shows input immediately, with input methods too, and updates the address after
// a debounce.

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
    // The address was changed by something else: back, forward or a link.
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
