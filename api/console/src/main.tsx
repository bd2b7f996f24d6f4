import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import 'uplot/dist/uPlot.min.css'
import './styles.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { APIError } from './api/client'
import { App } from './app'
import { firstLanguage, startLanguages } from './i18n'
import { theme, variables } from './theme'
import { watchHistory } from './ui/backasks'
import { tellLimits } from './ui/limits'

startLanguages(firstLanguage())
watchHistory()
tellLimits()

const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // Retry only errors that may be temporary.
      retry: (n, e) => n < 2 && e instanceof APIError && (e.status === 0 || e.status >= 500),
      networkMode: 'always', // a gateway is reachable without the internet
    },
    mutations: { networkMode: 'always' },
  },
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={cache}>
        <BrowserRouter>
          <App />
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
