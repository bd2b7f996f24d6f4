// A number that must be there: the field may be emptied while somebody types, and shows what it was
// when it is left so.

import { NumberInput, type NumberInputProps } from '@mantine/core'
import { useState } from 'react'

interface Props extends Omit<NumberInputProps, 'value' | 'onChange' | 'onBlur'> {
  value: number
  onChange: (n: number) => void
}

export function NumberField({ value, onChange, ...more }: Props) {
  const [emptied, setEmptied] = useState(false)
  return (
    <NumberInput
      {...more}
      value={emptied ? '' : value}
      onChange={(v) => {
        setEmptied(v === '')
        if (v !== '' && Number.isFinite(Number(v))) onChange(Number(v))
      }}
      onBlur={() => setEmptied(false)}
    />
  )
}
