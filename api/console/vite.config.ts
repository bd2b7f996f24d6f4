import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// In development the console is served here and everything under /v1 goes to a gateway, or to
// dev/mock.mjs, at GATEHOUSE_URL.
const target = process.env.GATEHOUSE_URL ?? 'http://127.0.0.1:8099'

export default defineConfig({
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/v1': target, '/openapi.json': target, '/docs': target },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy allows files of our own only
    chunkSizeWarningLimit: 900,
  },
  // A busy machine is no fault: a test ends by what it waits for.
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], testTimeout: 60_000 },
})
