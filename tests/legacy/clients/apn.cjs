// @ts-nocheck
/**
 * npm's apn 1.7.8, with the options that it has if nobody sets any. argv: a file of what it needs to know. It says on a
 * line what it calls rejected, and ends when its input does.
 */
'use strict'
const { createRequire } = require('node:module')
const { readFileSync } = require('node:fs')
const told = JSON.parse(readFileSync(process.argv[2]))
const { folder, host, port, feedbackPort, cert, key, ca, tokens, what, payload } = told
const apn = createRequire(`${folder}/package.json`)('apn')
const credentials = { cert, key, ca: [ca], address: host }
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`)

process.stdin.resume().on('end', () => process.exit())
if (what === 'feedback') {
  const feedback = new apn.Feedback({ ...credentials, port: feedbackPort, interval: 0, batchFeedback: true })
  feedback.on('feedback', devices => say({ dead: devices.map(({ device }) => device.toString()) }))
} else {
  const connection = new apn.Connection({ ...credentials, port })
  for (const event of ['error', 'socketError', 'timeout', 'cacheTooSmall']) connection.on(event, () => {})
  connection.on('transmissionError', (status, notification, device) =>
    say({ rejected: device && device.toString(), status }))
  connection.pushNotification(new apn.Notification(JSON.parse(payload)), tokens)
}
