/** A process that opens so many connections and says nothing on them. argv: HOST:PORT, how many. */

import { once } from 'node:events'
import net from 'node:net'

const [, , address, count] = process.argv
const [host, port] = address.split(':')
for (let open = 0; open < Number(count);) {
  const some = Array.from({ length: Math.min(200, Number(count) - open) }, () => net.connect(Number(port), host))
  await Promise.all(some.map(socket => once(socket, 'connect')))
  open += some.length
}
process.send?.({})
process.on('disconnect', () => process.exit())
