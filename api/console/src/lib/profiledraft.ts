// A profile being typed into the add-device form.

import type { DeviceType, Profile, Property } from '../api/types'

export interface PropertyDraft {
  name: string
  title: string
  type: Property['type']
  unit: string
  forms: Record<string, string>
}

/** An ID from a title: letters, digits and '-'; a hash if the title has none. */
export function idFrom(title: string): string {
  const id = title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
  if (id) return id
  let h = 0x811c9dc5
  for (const c of title) h = Math.imul(h ^ c.codePointAt(0)!, 0x01000193)
  return 'profile-' + (h >>> 0).toString(36)
}

/** The ID itself, or the first of id-2, id-3 … that is not taken. */
export function freeID(id: string, taken: string[]): string {
  const base = id.replace(/-\d+$/, '')
  let free = id
  for (let n = 2; taken.includes(free); n++) free = `${base}-${n}`
  return free
}

/** The profile of a draft, without unnamed lines. */
export function profileFrom(d: { title: string; type: DeviceType; properties: PropertyDraft[] }): Profile {
  const properties: Record<string, Property> = {}
  for (const p of d.properties) {
    const name = p.name.trim()
    if (!name) continue
    const forms = Object.fromEntries(
      Object.entries(p.forms)
        .filter(([, v]) => v.trim())
        .map(([k, v]) => [k, v.trim()]),
    )
    properties[name] = {
      type: p.type,
      ...(p.title ? { title: p.title } : {}),
      ...(p.unit && p.type === 'number' ? { unit: p.unit.trim() } : {}),
      ...(Object.keys(forms).length ? { forms } : {}),
    }
  }
  return { id: idFrom(d.title), title: d.title.trim(), type: d.type, properties }
}
