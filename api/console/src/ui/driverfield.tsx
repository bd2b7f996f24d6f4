// One field of a driver, with the input for its kind: a choice, a number, a time, an address.

import { NumberInput, PasswordInput, Select, TextInput } from '@mantine/core'
import type { Field } from '../api/types'
import { useT } from '../i18n'
import { wrongField } from '../lib/fieldcheck'
import { useZones } from '../pages/gate'
import { useFormat } from '../session'

interface Props {
  field: Field
  value: string
  error?: string // the gateway's error
  onChange: (v: string) => void
}

export function DriverField({ field: x, value, error, onChange }: Props) {
  const { t } = useT()
  const f = useFormat()
  const zones = useZones()
  const wrong = wrongField(x, value)
  const bounds = (x.min ?? 0) !== 0 || (x.max ?? 0) !== 0
  const range =
    bounds && (x.kind === 'int' || x.kind === 'duration')
      ? t(x.kind === 'int' ? 'device.range' : 'field.rangeHint', { min: x.min ?? 0, max: x.max ?? 0 })
      : ''
  const common = {
    label: f.local(x.title, x.title_zh) || x.key,
    description: f.local(x.help, x.help_zh) || range || undefined,
    required: x.required,
    name: x.key,
    error: wrong ? t('field.' + wrong.key, wrong.values) : error,
  }
  if (x.secret) {
    return (
      <PasswordInput
        {...common}
        error={error}
        autoComplete="off"
        value={value}
        visibilityToggleButtonProps={{ 'aria-label': t('gate.show') }}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    )
  }
  if (x.kind === 'choice') {
    const known = x.options ?? []
    return (
      <Select
        {...common}
        data={value && !known.includes(value) ? [...known, value] : known}
        value={value || null}
        clearable={!x.required}
        placeholder={x.default || undefined}
        onChange={(v) => onChange(v ?? '')}
      />
    )
  }
  if (x.kind === 'timezone') {
    return (
      <Select
        {...common}
        data={value && !zones.includes(value) ? [value, ...zones] : zones}
        value={value || null}
        searchable
        clearable={!x.required}
        placeholder={x.default || undefined}
        onChange={(v) => onChange(v ?? '')}
      />
    )
  }
  if (x.kind === 'int' || x.kind === 'port') {
    return (
      <NumberInput
        {...common}
        value={value}
        allowDecimal={false}
        hideControls={x.kind === 'port'}
        clampBehavior="none"
        thousandSeparator=""
        placeholder={x.default || undefined}
        onChange={(v) => onChange(String(v))}
      />
    )
  }
  const address = x.kind === 'url' || x.kind === 'host' || x.kind === 'network'
  const like =
    x.kind === 'url' && x.options?.[0]
      ? `${x.options[0]}://…`
      : x.kind === 'host'
        ? '10.1.4.30:502'
        : undefined
  return (
    <TextInput
      {...common}
      value={value}
      placeholder={x.default || like}
      spellCheck={false}
      autoCapitalize="none"
      inputMode={address ? 'url' : undefined}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  )
}
