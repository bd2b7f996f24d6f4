// Why a device is in its state, or does not do something: the words of the gateway's own catalogue, so
// that the console says what the API says.
import all from './causes.json'

/** The words by code, as sentences with i18next's places. */
export function causes(lang: 'en' | 'zh'): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([code, said]) => [code, sentence(said[lang])]))
}

function sentence(said: string): string {
  const s = said.replace(/{(\w+)}/g, '{{$1}}')
  return s[0].toUpperCase() + s.slice(1)
}
