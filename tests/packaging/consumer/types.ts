// A user's TypeScript: the declarations are found, in every entry, and say something.
import { BellpushError, Client, decodeErrorResponse, openTokenStore } from 'bellpush'
import type { Report, Result } from 'bellpush'
import { explain } from 'bellpush/decode'
import { Simulator } from 'bellpush/simulator'

export async function ring (): Promise<string[]> {
  const simulator: Simulator = await Simulator.start({ dead: ['aa'] })
  const { ca, cert, key } = simulator.credentials
  const tokens = await openTokenStore('sqlite:doorbell.db', { create: true })
  const client = new Client({ gateway: simulator.binary, auth: { cert, key }, ca, tokens })
  const report: Report = await client.send({ aps: { alert: 'Ding dong' } }, { clientId: ['1', '7'] })
  const dead: Result[] = report.rejected.filter(result => result.dead)
  return dead.map(result => result.token)
}

export const status: number = decodeErrorResponse(new Uint8Array(6)).status
export const code: string = new BellpushError('BELLPUSH_CLOSED', 'closed').code
export const explained: unknown = explain

// What must not be accepted, and would be if the declarations said `any`.

// @ts-expect-error -- no such code
export const wrongCode = new BellpushError('BELLPUSH_NO_SUCH_CODE', '')
// @ts-expect-error -- bytes are wanted
export const wrongBytes = decodeErrorResponse('080800000001')
// @ts-expect-error -- no such option
export const wrongOption = new Client({ gatevay: 'production' })
// @ts-expect-error -- a promise of a store, and not a store
export const wrongStore: { list: unknown } = openTokenStore('memory:')
