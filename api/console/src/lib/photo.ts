// Prepares a photograph for enrolment: refuses other files, and shrinks large pictures, so that a
// phone's photograph takes little of a school's uplink.

import { APIError } from '../api/client'

/**
 * The longest side that is sent, in pixels. The gateway shrinks larger ones before it detects
 * faces.
 */
export const longest = 3200
const small = 1_500_000 // bytes; smaller files are sent unchanged
const most = 8 * 1024 * 1024 // bytes; the gateway's limit

export type PhotoKind =
  | 'jpeg'
  | 'png'
  | 'heic'
  | 'avif'
  | 'webp'
  | 'gif'
  | 'bmp'
  | 'tiff'
  | 'pdf'
  | 'zip'
  | 'video'
  | 'empty'
  | 'unknown'

/** Why a file cannot be enrolled; kind is its format. */
export class PhotoRefused extends Error {
  constructor(readonly kind: PhotoKind | 'large' | 'damaged') {
    super(kind)
  }
}

/** The gateway's codes for refused photographs; each has a text under photoRefused. */
export const photoReasons = [
  'no_face',
  'several_faces',
  'too_small',
  'uncertain',
  'turned',
  'too_dark',
  'too_bright',
  'too_flat',
  'blurred',
  'not_live',
  'empty',
  'too_heavy',
  'too_many',
  'too_deep',
  'too_few',
  'too_narrow',
  'damaged',
  'too_costly',
  'is_heic',
  'is_avif',
  'is_video',
  'is_gif',
  'is_webp',
  'is_bmp',
  'is_tiff',
  'is_pdf',
  'is_archive',
  'is_unknown',
]

/** The gateway's code for a refused photograph, if there is a text for it. */
export function refusalOf(e: unknown): { reason: string; have: number; need: number } | undefined {
  if (!(e instanceof APIError)) return undefined
  const f = e.fields.find((x) => x.reason && photoReasons.includes(x.reason))
  return f && { reason: f.reason!, have: f.have ?? 0, need: f.need ?? 0 }
}

const ascii = (b: Uint8Array, from: number, to: number) => String.fromCharCode(...b.subarray(from, to))

/** The format of a file by its first bytes; names are unreliable. */
export function kindOf(b: Uint8Array): PhotoKind {
  if (b.length === 0) return 'empty'
  if (b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff) return 'jpeg'
  if (ascii(b, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (ascii(b, 4, 8) === 'ftyp') {
    const brand = ascii(b, 8, 12)
    if (/^(hei[cmsx]|hev[cmsx]|mif1|msf1)$/.test(brand)) return 'heic'
    return /^avi[fs]$/.test(brand) ? 'avif' : 'video'
  }
  if (ascii(b, 0, 4) === 'RIFF') return ascii(b, 8, 12) === 'WEBP' ? 'webp' : 'video'
  if (/^GIF8[79]a/.test(ascii(b, 0, 6))) return 'gif'
  if (ascii(b, 0, 2) === 'BM') return 'bmp'
  if (/^(II\*\0|MM\0\*)/.test(ascii(b, 0, 4))) return 'tiff'
  if (ascii(b, 0, 5) === '%PDF-') return 'pdf'
  if (ascii(b, 0, 4) === 'PK\x03\x04') return 'zip'
  return 'unknown'
}

/** The size to draw at: unchanged, or shrunk to the longest side. */
export function fitted(width: number, height: number, side = longest): { width: number; height: number } {
  const by = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) }
}

/** The browser's image functions; tests replace them. */
export interface Canvas {
  open: (f: Blob) => Promise<ImageBitmap> // rotated by its EXIF orientation
  draw: (img: ImageBitmap, size: { width: number; height: number }) => Promise<Blob | null>
}

const browser: Canvas = {
  open: (f) => createImageBitmap(f, { imageOrientation: 'from-image' }),
  draw: (img, { width, height }) => {
    const c = document.createElement('canvas')
    c.width = width
    c.height = height
    const at = c.getContext('2d')!
    at.imageSmoothingQuality = 'high'
    at.drawImage(img, 0, 0, width, height)
    return new Promise((done) => c.toBlob(done, 'image/jpeg', 0.92))
  },
}

// Formats that browsers can open and the gateway cannot: they are converted to JPEG.
const opened: PhotoKind[] = ['webp', 'avif', 'gif', 'bmp', 'heic']

/** The photograph to send; throws PhotoRefused. */
export async function photoToSend(file: File, canvas = browser): Promise<File> {
  const kind = kindOf(new Uint8Array(await file.slice(0, 16).arrayBuffer()))
  const native = kind === 'jpeg' || kind === 'png'
  if (!native && !opened.includes(kind)) throw new PhotoRefused(kind)
  if (native && file.size <= small) return file
  let img: ImageBitmap
  try {
    img = await canvas.open(file)
  } catch {
    if (!native) throw new PhotoRefused(kind)
    if (file.size > most) throw new PhotoRefused('large')
    return file // let the gateway decode it, or explain
  }
  try {
    const out = await canvas.draw(img, fitted(img.width, img.height))
    if (!out) throw new PhotoRefused('damaged')
    if (native && out.size >= file.size && file.size <= most) return file
    // With the original's time, so that a retry counts as the same request.
    return new File([out], file.name, { type: out.type, lastModified: file.lastModified })
  } finally {
    img.close()
  }
}
