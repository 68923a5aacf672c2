// A user's TypeScript: the declarations are found, in every entry, and say something.
import { BellpushError, Client, decodeErrorResponse, openTokenStore } from 'bellpush'
import { readFeedback } from 'bellpush'
import type { Callbacks, Entry, FeedbackReport, FeedbackTuple, Report, Result, TokenStore } from 'bellpush'
import { explain } from 'bellpush/decode'
import { Simulator } from 'bellpush/simulator'
import type { AcceptedEvent, Counts, NotificationEvent, SimulatorOptions } from 'bellpush/simulator'

export async function ring (): Promise<string[]> {
  const simulator: Simulator = await Simulator.start({ dead: ['aa'] })
  const { ca, cert, key } = simulator.credentials
  const tokens = await openTokenStore('sqlite:doorbell.db', { create: true })
  const client = new Client({ gateway: simulator.binary, auth: { cert, key }, ca, tokens })
  const report: Report = await client.send({ aps: { alert: 'Ding dong' } }, { clientId: ['1', '7'] })
  const dead: Result[] = report.rejected.filter(result => result.dead)
  return dead.map(result => result.token)
}

export async function listen (options: SimulatorOptions, callbacks: Callbacks): Promise<FeedbackReport> {
  const simulator = await Simulator.start(options)
  const heard: { accepted: string[], rejected: NotificationEvent[], dead: FeedbackTuple[] } =
    { accepted: [], rejected: [], dead: [] }
  simulator.on('accepted', event => heard.accepted.push(event.token))
  simulator.on('dropped', ({ payload }: AcceptedEvent) => payload.length)
  simulator.once('rejected', event => heard.rejected.push(event))
  simulator.on('feedback', tuples => heard.dead.push(...tuples))
  const counts: Counts = await simulator.until(counts => counts.accepted > 0)
  const tokens: TokenStore = await openTokenStore(callbacks)
  const entries: Entry[] = []
  for await (const entry of tokens.entries()) entries.push(entry)
  const report = await readFeedback({ gateway: simulator.feedback, tokens })
  return { ...report, kept: report.kept + counts.duplicates + entries.length }
}

export const status: number = decodeErrorResponse(new Uint8Array(6)).status
export const code: string = new BellpushError('BELLPUSH_CLOSED', 'closed').code
export const explained: unknown = explain

// What must not be accepted, and would be if the declarations said `any`.

// @ts-expect-error -- no such code
export const wrongCode = new BellpushError('BELLPUSH_NO_SUCH_CODE', '')
// @ts-expect-error -- bytes are wanted
export const wrongBytes = decodeErrorResponse('080800000001')
// @ts-expect-error -- an event without such a property
export const wrongEvent = (simulator: Simulator): unknown => simulator.on('accepted', event => event.tokn)
// @ts-expect-error -- no such option
export const wrongOption = new Client({ gatevay: 'production' })
// @ts-expect-error -- a promise of a store, and not a store
export const wrongStore: { list: unknown } = openTokenStore('memory:')
