// The browser test against dev/mock.mjs: for work on the console itself.

import { mock } from '../dev/mock.mjs'
import { run } from './run.mjs'

const server = mock()
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const ok = await run({
  url: `http://127.0.0.1:${server.address().port}`,
  user: 'admin',
  password: 'demo-password-1',
  wait: 20,
  own: 'gateway:disk',
})
server.closeAllConnections()
server.close()
process.exit(ok ? 0 : 1)
