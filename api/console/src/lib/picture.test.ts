import { describe, expect, it } from 'vitest'
import { reasonText } from './picture'

describe('the reason of a state', () => {
  const t = (k: string) => k.toUpperCase()

  it('is put into words by its code', () => {
    expect(reasonText('frozen: the camera sends the same picture again and again', t)).toBe('PICTURE.FROZEN')
  })

  it('is shown as it came where it has none', () => {
    expect(reasonText('frozen pipes in the boiler room', t)).toBe('frozen pipes in the boiler room')
    expect(reasonText('', t)).toBe('')
  })
})
