// A guard room's screen that is not paired yet: it shows a code, and waits until an administrator
// has entered it.

import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { call } from '../api/client'
import { useT } from '../i18n'
import { LanguageMenu } from '../shell'
import { Trouble } from '../ui/kit'

const asks = 3000 // ms between questions whether it is paired

export function PairScreen({ onSignIn }: { onSignIn: () => void }) {
  const { t } = useT()
  const q = useQuery({
    queryKey: ['pairing'],
    queryFn: async () => {
      const now = await call('/v1/screens/pairing', { quiet: true })
      if (now.state !== 'none') return now
      return call('/v1/screens/pairing', { method: 'POST', quiet: true })
    },
    refetchInterval: asks,
    refetchIntervalInBackground: true,
    gcTime: 0,
    retry: false,
  })
  const paired = q.data?.state === 'paired'
  useEffect(() => {
    document.title = `${t('screen.title')} · Gatehouse`
    if (paired) window.location.assign('/screen')
  }, [t, paired])
  return (
    <div className="screen screen-pair" data-mantine-color-scheme="dark">
      <h1>{t('screen.pairTitle')}</h1>
      <p>{t('screen.pairHow')}</p>
      <output className="screen-code" data-testid="pairing-code">
        {q.data?.code ?? '····-····'}
      </output>
      <Text c="dimmed">{t('screen.pairOnly')}</Text>
      {q.isError && <Trouble error={q.error} />}
      <div className="screen-pair-deeds">
        <LanguageMenu />
        <Button variant="default" onClick={onSignIn}>
          {t('screen.signIn')}
        </Button>
      </div>
    </div>
  )
}
