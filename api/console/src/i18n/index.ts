import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import { answerIn } from '../api/client'
import { en } from './en'
import { zh } from './zh'

export const languages = [
  { value: 'en', label: 'English' },
  { value: 'zh-CN', label: '简体中文' },
]

const stored = 'gatehouse.language'

/** The initial language: chosen here before, else the browser's. */
export function firstLanguage(): string {
  const l = localStorage.getItem(stored) ?? navigator.language
  return l.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

// A language that somebody chooses before signing in becomes their user setting.
let before = ''

export function chooseBeforeSignIn(l: string) {
  before = l
}

/** The language chosen before signing in, returned once; empty if there was none. */
export function chosenBeforeSignIn(): string {
  const l = before
  before = ''
  return l
}

export function setLanguage(l: string) {
  localStorage.setItem(stored, l)
  document.documentElement.lang = l
  answerIn(l)
  void i18next.changeLanguage(l)
}

export function startLanguages(lng: string) {
  document.documentElement.lang = lng
  answerIn(lng)
  void i18next.use(initReactI18next).init({
    lng,
    fallbackLng: 'en',
    resources: { en: { translation: en }, 'zh-CN': { translation: zh } },
    interpolation: { escapeValue: false }, // React escapes
    initAsync: false,
  })
}

/** A text outside of a component; empty if the key does not exist. */
export function words(key: string, values?: Record<string, unknown>): string {
  return i18next.t(key, { ...values, defaultValue: '' })
}

export type T = (key: string, values?: Record<string, unknown>) => string

export function useT(): { t: T; lang: string } {
  const { t, i18n } = useTranslation()
  return { t: t as unknown as T, lang: i18n.language }
}
