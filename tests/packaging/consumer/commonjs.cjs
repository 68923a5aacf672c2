/** A user's CommonJS script: `require` takes the same ES modules. */
const { Client, decodeErrorResponse } = require('bellpush')
const decode = require('bellpush/decode')
const { Simulator } = require('bellpush/simulator')

console.log(JSON.stringify({
  node: process.version,
  status: decodeErrorResponse(Buffer.from('080800000001', 'hex')).status,
  entries: [Client, Simulator].map(entry => typeof entry),
  decode: Object.keys(decode).length > 0
}))
