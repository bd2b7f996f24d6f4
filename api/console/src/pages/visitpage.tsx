// The public page on which visitors register themselves.

import { call } from '../api/client'
import { useT } from '../i18n'
import { PublicPage } from '../ui/publicpage'

export function VisitPageSettings() {
  const { t } = useT()
  return (
    <PublicPage
      name="visitPage"
      words={{
        title: t('visitPage.title'),
        text: t('visitPage.text'),
        switch: t('visitPage.switch'),
        noticeHint: t('visitPage.noticeHint'),
      }}
      read={(school) => call('/v1/visit-page', { query: { school } })}
      write={(body) => call('/v1/visit-page', { method: 'POST', body })}
    />
  )
}
