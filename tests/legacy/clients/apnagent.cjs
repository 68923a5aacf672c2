// @ts-nocheck
/**
 * npm's apnagent 1.1.3. It knows no gateway but Apple's, so this process is told that those names are elsewhere, as a
 * line in /etc/hosts would; the rest is as its manual has it, but for less patience before it connects again.
 */
'use strict'
const { createRequire } = require('node:module')
const { readFileSync } = require('node:fs')
const tls = require('node:tls')
const told = JSON.parse(readFileSync(process.argv[2]))
const { folder, host, port, feedbackPort, cert, key, ca, tokens, what, payload } = told
const connect = tls.connect
tls.connect = (options, done) => connect({
  ...options, host, port: options.port === 2195 ? port : feedbackPort, servername: options.host
}, done)
const apnagent = createRequire(`${folder}/package.json`)('apnagent')
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)

process.stdin.resume().on('end', () => process.exit())
if (what === 'feedback') {
  const feedback = new apnagent.Feedback()
  feedback.set('cert file', cert).set('key file', key).set('ca', readFileSync(ca)).set('interval', '1h')
  feedback.use((device, timestamp, next) => {
    say({ dead: [device.toString()] })
    next()
  })
  feedback.connect()
} else {
  const agent = new apnagent.Agent()
  agent.set('cert file', cert).set('key file', key).set('ca', readFileSync(ca)).set('reconnect delay', '50ms')
  agent.on('gateway:error', () => {})
  agent.on('message:error', (error, message) =>
    say({ rejected: message && message.device().toString(), status: error.code }))
  agent.connect(error => {
    if (error) throw error
    const { aps } = JSON.parse(payload)
    for (const token of tokens) agent.createMessage().device(token).alert(aps.alert).sound(aps.sound).send()
  })
}
