// A user's TypeScript: the declarations are found and say something.
import { BellpushError, Client, decodeErrorResponse } from 'bellpush'
import * as decode from 'bellpush/decode'
import { Simulator } from 'bellpush/simulator'

const status: number = decodeErrorResponse(new Uint8Array(6)).status
export const answer: { code: string, status: number } = { code: new BellpushError('BELLPUSH_CLOSED', '').code, status }
export { Client, decode, Simulator }

// @ts-expect-error -- no such code: would be accepted if the class were of type any
export const wrong = new BellpushError('BELLPUSH_NO_SUCH_CODE', '')
// @ts-expect-error -- no such argument: would be accepted if the function were of type any
decodeErrorResponse('080800000001')
