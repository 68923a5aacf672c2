/**
 * Server-sent events: what has changed, as long as the caller listens.
 */
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../problem.js'

/** Milliseconds between two looks at what is watched, and callers that watch at once. */
const INTERVAL = 500
const MOST_WATCHING = 100

/** Milliseconds of silence after which a comment is sent: so a connection that is gone is noticed. */
const COMMENT_INTERVAL = 15_000

/** Milliseconds after which a caller that reads nothing any more is let go. */
const STUCK = 60_000
const STUCK_AT_END = 5_000

/** How the OpenAPI document says it. */
export const events = { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } }

/** The callers of one server that watch. */
export class Watchers {
  #watching = 0
  #ending = new AbortController()

  /** @param {import('../sidecar.js').Server} server */
  constructor (server) {
    server.addHook('preClose', async () => this.#ending.abort())
  }

  /**
   * Answers with events until the last one, or until the caller has gone, or the server goes.
   * @param {import('fastify').FastifyRequest<any, any, any, any>} request
   * @param {import('fastify').FastifyReply<any, any, any, any>} reply
   * @param {() => Promise<{ event: string, data: object, isLast?: boolean }>} look what is now; its first failure is
   *   the caller's answer
   */
  async watch (request, reply, look) {
    if (this.#watching >= MOST_WATCHING) {
      throw new Problem('BELLPUSH_QUEUE_FULL', `${MOST_WATCHING} callers watch already`)
    }
    const first = await look()
    this.#watching++
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, this.#ending.signal])
    reply.hijack()
    const stream = reply.raw
    stream.on('close', () => gone.abort()).on('error', () => gone.abort())
    stream.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
    try {
      let said = ''
      let saidAt = 0
      for (let { event, data, isLast } = first; ; { event, data, isLast } = await look()) {
        const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
        const isStale = performance.now() - saidAt > COMMENT_INTERVAL
        // A caller that reads slowly misses what was in between, and gets what is now.
        if (!stream.writableNeedDrain && (text !== said || isStale)) {
          stream.write(text === said ? ':\n\n' : text)
          said = text
          saidAt = performance.now()
        }
        if (stream.writableNeedDrain && performance.now() - saidAt > STUCK) stream.destroy()
        if (isLast || signal.aborted) break
        await setTimeout(INTERVAL, undefined, { signal })
      }
    } catch (error) {
      if (!signal.aborted) request.log.warn({ err: error }, 'what is watched cannot be read any more')
    } finally {
      this.#watching--
      stream.end()
      const isStuck = () => { if (!stream.writableFinished) stream.destroy() }
      setTimeout(STUCK_AT_END, undefined, { ref: false }).then(isStuck)
    }
  }
}
