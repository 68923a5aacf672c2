/** A user's module: imports every entry of the package, and rings one phone of a local APNs. */
import { Client, decodeErrorResponse } from 'bellpush'
import * as decode from 'bellpush/decode'
import { Simulator } from 'bellpush/simulator'

console.log(JSON.stringify({
  node: process.version,
  status: decodeErrorResponse(Buffer.from('080800000001', 'hex')).status,
  entries: [Client, Simulator].map(entry => typeof entry),
  decode: Object.keys(decode).length > 0
}))
