import { describe, expect, it } from 'vitest'
import { reasonText } from './reason'

describe('the reason of a state', () => {
  const known = ['cause.frozen', 'cause.no_answer', 'cause.more']
  const t = (k: string, params?: Record<string, string>) => {
    if (k === 'common.also') return '; '
    if (!known.includes(k)) return params?.defaultValue ?? k
    return k.toUpperCase() + (params?.address ? ' ' + params.address : '')
  }

  it('is put into words by its codes', () => {
    const causes = [{ code: 'no_answer', params: { address: '10.0.0.9' } }, { code: 'more' }]
    expect(reasonText({ reason: '10.0.0.9 does not answer; and more', causes }, t)).toBe(
      'CAUSE.NO_ANSWER 10.0.0.9; CAUSE.MORE',
    )
  })

  it('is shown as it came where a code is a vendor’s own', () => {
    const causes = [{ code: 'more' }, { code: 'acme_jammed' }]
    expect(reasonText({ reason: 'and more; the gate is jammed', causes }, t)).toBe(
      'and more; the gate is jammed',
    )
  })

  it('is read out of a camera’s state of before there were codes', () => {
    expect(reasonText({ reason: 'frozen: the camera sends the same picture' }, t)).toBe('CAUSE.FROZEN')
  })

  it('is shown as it came where it has none', () => {
    expect(reasonText({ reason: 'frozen pipes in the boiler room' }, t)).toBe(
      'frozen pipes in the boiler room',
    )
    expect(reasonText({}, t)).toBe('')
  })
})
