// A push service on a free port, for the tests: npm's web-push-testing, which decrypts what it is sent
// and checks the signature against the key that the browser subscribed with. It writes its port.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { PushApiModel } = require('web-push-testing/src/PushApiModel.js')
const Server = require('web-push-testing/src/server.js')

const model = new PushApiModel()
console.log = () => {} // its own word on the port
const server = new Server(model, 0)
server.startServer()
server._server.once('listening', () => {
  const { port } = server._server.address()
  model.notifyUrl = `http://localhost:${port}/notify/`
  process.stdout.write(`${port}\n`)
})
