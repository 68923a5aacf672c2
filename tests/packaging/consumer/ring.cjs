/** A user's CommonJS script: `require` takes the same ES modules. */
const { Client, openTokenStore } = require('bellpush')
const { explain } = require('bellpush/decode')
const { Simulator } = require('bellpush/simulator')

async function main () {
  const phones = ['aa', 'bb', 'cc'].map(byte => byte.repeat(32))
  const simulator = await Simulator.start({ dead: [phones[1]] })
  const tokens = await openTokenStore('memory:')
  for (const phone of phones) await tokens.put('door 1', phone)

  const { ca, cert, key } = simulator.credentials
  const client = new Client({ gateway: simulator.binary, auth: { cert, key }, ca, tokens })
  const report = await client.send({ aps: { alert: 'Ding dong' } }, { clientId: 'door 1' })
  await client.close()
  await simulator.stop()

  const left = []
  for await (const { token } of tokens.list(['door 1'])) left.push(token)

  console.log(JSON.stringify({
    node: process.version, accepted: report.accepted, rejected: report.rejected.length, left: left.length,
    decode: typeof explain
  }))
}

main()
