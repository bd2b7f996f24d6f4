import { expect, test } from 'vitest'
import { problem } from '../api/client'
import { fitted, kindOf, photoToSend, PhotoRefused, refusalOf, type Canvas } from './photo'

const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((p) => (typeof p === 'string' ? [...p].map((c) => c.charCodeAt(0)) : p)))

const jpeg = bytes([0xff, 0xd8, 0xff, 0xe1], 'xxExif')
const heic = bytes([0, 0, 0, 24], 'ftypheic', [0, 0, 0, 0])

test('a file is what its first bytes say', () => {
  expect(kindOf(jpeg)).toBe('jpeg')
  expect(kindOf(bytes('\x89PNG\r\n\x1a\n'))).toBe('png')
  expect(kindOf(heic)).toBe('heic')
  expect(kindOf(bytes([0, 0, 0, 24], 'ftypmif1'))).toBe('heic')
  expect(kindOf(bytes([0, 0, 0, 24], 'ftypavif'))).toBe('avif')
  expect(kindOf(bytes([0, 0, 0, 24], 'ftypisom'))).toBe('video')
  expect(kindOf(bytes('RIFF', [1, 2, 3, 4], 'WEBP'))).toBe('webp')
  expect(kindOf(bytes('%PDF-1.7'))).toBe('pdf')
  expect(kindOf(bytes('PK\x03\x04'))).toBe('zip')
  expect(kindOf(bytes('GIF89a'))).toBe('gif')
  expect(kindOf(bytes('hello'))).toBe('unknown')
  expect(kindOf(bytes())).toBe('empty')
})

test('a large side is brought down, and nothing is enlarged', () => {
  expect(fitted(8000, 6000)).toEqual({ width: 3200, height: 2400 })
  expect(fitted(3000, 12000)).toEqual({ width: 800, height: 3200 })
  expect(fitted(640, 480)).toEqual({ width: 640, height: 480 })
  expect(fitted(100_000, 3)).toEqual({ width: 3200, height: 1 })
})

// A fake canvas that records calls: a picture of 6,000 by 8,000 that becomes 300 kB.
function canvas(o: { opens?: boolean; size?: number } = {}) {
  const drawn: unknown[] = []
  const c: Canvas = {
    open: async () => {
      if (o.opens === false) throw new Error('cannot be opened')
      return { width: 6000, height: 8000, close: () => drawn.push('closed') } as unknown as ImageBitmap
    },
    draw: async (_, size) => (
      drawn.push(size),
      new Blob([new Uint8Array(o.size ?? 300_000)], { type: 'image/jpeg' })
    ),
  }
  return { c, drawn }
}
const file = (head: Uint8Array, size: number) =>
  new File([head as BlobPart, new Uint8Array(Math.max(0, size - head.length))], 'a.jpg')
const refusal = (p: Promise<unknown>) =>
  p.then(
    () => 'sent',
    (e) => (e instanceof PhotoRefused ? e.kind : String(e)),
  )

test('a telephone’s photograph is shrunk to what is looked at', async () => {
  const { c, drawn } = canvas()
  const out = await photoToSend(file(jpeg, 12_000_000), c)
  expect(out.size).toBe(300_000)
  expect(drawn).toEqual([{ width: 2400, height: 3200 }, 'closed'])
})

test('a small one goes as it is, and so does one that would only grow', async () => {
  const tiny = file(jpeg, 200_000)
  expect(await photoToSend(tiny, canvas().c)).toBe(tiny)
  const dense = file(jpeg, 2_000_000)
  expect(await photoToSend(dense, canvas({ size: 3_000_000 }).c)).toBe(dense)
})

test('what is no photograph is named; what the browser opens is sent as JPEG', async () => {
  expect(await refusal(photoToSend(file(heic, 2_000_000), canvas({ opens: false }).c))).toBe('heic')
  expect((await photoToSend(file(heic, 2_000_000), canvas().c)).type).toBe('image/jpeg')
  expect(await refusal(photoToSend(file(bytes('%PDF-1.7'), 50_000), canvas().c))).toBe('pdf')
  expect(await refusal(photoToSend(file(bytes(), 0), canvas().c))).toBe('empty')
  expect(await refusal(photoToSend(file(jpeg, 12_000_000), canvas({ opens: false }).c))).toBe('large')
})

test('the gateway says by a word and numbers why a photograph is not taken', async () => {
  const refused = (errors: unknown) =>
    problem(
      new Response(JSON.stringify({ code: 'invalid', detail: 'photo: too small', errors }), { status: 422 }),
    )
  const small = await refused([
    { field: 'photo', message: 'too small', reason: 'too_small', have: 62, need: 80 },
  ])
  expect(refusalOf(small)).toEqual({ reason: 'too_small', have: 62, need: 80 })
  expect(refusalOf(await refused([{ field: 'photo', message: 'turned', reason: 'turned' }]))).toEqual({
    reason: 'turned',
    have: 0,
    need: 0,
  })
  expect(refusalOf(await refused([{ field: 'photo', message: 'x', reason: 'of_tomorrow' }]))).toBeUndefined()
  expect(refusalOf(await refused([{ field: 'by', message: 'missing' }]))).toBeUndefined()
  expect(refusalOf(new Error('x'))).toBeUndefined()
})
