// Reasons for a device's state or for a failed command: the texts of the gateway's catalogue, so
// that console and API use the same ones.
import all from './causes.json'

/** Returns the texts by code, as sentences with i18next placeholders. */
export function causes(lang: 'en' | 'zh'): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([code, said]) => [code, sentence(said[lang])]))
}

function sentence(said: string): string {
  const s = said.replace(/{(\w+)}/g, '{{$1}}')
  return s[0].toUpperCase() + s.slice(1)
}
