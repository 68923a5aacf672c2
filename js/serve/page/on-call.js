/**
 * The page of the person on call: jobs with their progress, outcomes by reason, gateways; as it happens.
 */
import { byId, element, shown, svg } from './dom.js'
import { call } from './key.js'

/** Milliseconds before the sidecar is called again when the connection to it ended. */
const AGAIN = 2_000

const ROW = 26
const LABEL = 240
const WIDTH = 900

/** The job whose outcomes are in the chart; undefined: all since the sidecar began. @type {string | undefined} */
let selected

/** @type {any} */
let latest

/** Watches for as long as the page is open. */
async function watch () {
  for (;;) {
    try {
      const answer = await call('/v1/events')
      byId('connection').textContent = 'live'
      for await (const overview of eventsOf(answer)) show(overview)
      byId('connection').textContent = 'the sidecar has ended; waiting for it'
    } catch (error) {
      byId('connection').textContent = `no connection: ${/** @type {Error} */ (error).message}`
    }
    await new Promise(resolve => setTimeout(resolve, AGAIN))
  }
}

/**
 * Server-sent events. (EventSource cannot send a key.)
 * @param {Response} answer
 */
async function * eventsOf (answer) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const parts = (text + decoder.decode(value, { stream: true })).split('\n\n')
    text = /** @type {string} */ (parts.pop())
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1]
      if (data) yield JSON.parse(data)
    }
  }
}

/** @param {any} overview */
function show (overview) {
  latest = overview
  const { since, queued, running, apps, outcomes, jobs } = overview
  const total = outcomes.reduce((/** @type {number} */ sum, /** @type {any} */ { count }) => sum + count, 0)
  const removed = apps.reduce((/** @type {number} */ sum, /** @type {any} */ app) => sum + app.removed, 0)
  byId('figures').replaceChildren(...[
    ['jobs waiting', queued],
    ['jobs running', running],
    ['notifications settled', total],
    ['dead tokens removed', removed]
  ].map(([name, count]) => element('div', {}, element('b', {}, shown(count)), name)))

  byId('no-jobs').hidden = jobs.length > 0
  const focused = document.activeElement?.id
  byId('jobs').replaceChildren(...jobs.map(rowOf))
  if (focused) byId(focused)?.focus() // the one that had it is gone
  byId('apps').replaceChildren(...apps.map((/** @type {any} */ { name, gateway, links, removed }) => element('tr', {},
    element('td', {}, name), element('td', { class: gateway === 'ok' || gateway === 'untried' ? '' : 'bad' }, gateway),
    element('td', { class: 'number' }, shown(links)), element('td', { class: 'number' }, shown(removed)))))

  const job = jobs.find((/** @type {any} */ { id }) => id === selected)
  byId('chart-scope').textContent = job ? `of the job ${job.id}` : `since ${new Date(since).toLocaleString()}`
  byId('chart').replaceChildren(chart(job ? barsOfJob(job) : barsOf(outcomes)))
}

/** @param {any} job */
function rowOf (job) {
  const { id, app, state, createdAt, total, settled, counts, stopped } = job
  const isOpen = state === 'queued' || state === 'running'
  const isSelected = id === selected
  return element('tr', { class: isSelected ? 'selected' : '' },
    element('td', {}, element('button', {
      id: `show-${id}`,
      class: 'link',
      'aria-pressed': String(isSelected),
      title: `Show the outcomes of the job ${id}`,
      onclick: () => {
        selected = isSelected ? undefined : id
        show(latest)
      }
    }, new Date(createdAt).toLocaleString())),
    element('td', {}, app),
    element('td', { class: state === 'failed' || state === 'stopped' ? 'bad' : '', title: stopped?.detail ?? '' },
      stopped ? `${state}: ${stopped.code}` : state),
    element('td', {}, element('progress', { max: Math.max(total ?? 1, 1), value: total === null ? 0 : settled }),
      ` ${shown(settled)} of ${total === null ? '?' : shown(total)}`),
    element('td', { class: 'number' }, shown(counts.accepted)),
    element('td', { class: 'number' }, shown(settled - counts.accepted)),
    element('td', {}, isOpen ? element('button', { id: `stop-${id}`, onclick: () => stop(id) }, 'Stop') : ''))
}

/** @param {string} id */
async function stop (id) {
  if (!confirm('Stop this job? What has been sent cannot be taken back; the rest will not be sent.')) return
  await call(`/v1/jobs/${id}`, { method: 'DELETE' }).catch(error => alert(error.message))
}

/** @typedef {{ name: string, outcome: string, count: number }} Bar */

/** @param {any[]} outcomes @returns {Bar[]} */
function barsOf (outcomes) {
  /** @type {Map<string, Bar>} */
  const bars = new Map()
  for (const { outcome, reason, count } of outcomes) {
    const name = reason === null ? outcome : `${outcome} ${reason}`
    bars.set(name, { name, outcome, count: count + (bars.get(name)?.count ?? 0) })
  }
  return [...bars.values()].sort((a, b) => b.count - a.count)
}

/** @param {any} job @returns {Bar[]} */
function barsOfJob ({ counts, reasons }) {
  const bars = Object.entries(reasons).map(([name, count]) => ({ name, outcome: name.split(' ')[0], count }))
  bars.sort((a, b) => b.count - a.count)
  return [{ name: 'accepted', outcome: 'accepted', count: counts.accepted }, ...bars]
}

/** @param {Bar[]} bars */
function chart (bars) {
  if (bars.length === 0) return element('p', {}, 'Nothing has been pushed yet.')
  const most = Math.max(1, ...bars.map(({ count }) => count))
  const room = WIDTH - LABEL - 110
  return svg('svg', {
    viewBox: `0 0 ${WIDTH} ${bars.length * ROW}`, role: 'img', 'aria-label': 'Notifications by outcome and reason'
  }, ...bars.map(({ name, outcome, count }, row) => svg('g', { transform: `translate(0 ${row * ROW})` },
    svg('text', { x: LABEL - 10, y: 17, 'text-anchor': 'end' }, name),
    svg('rect', { class: outcome, x: LABEL, y: 4, height: ROW - 8, width: Math.max(2, room * count / most) }),
    svg('text', { x: LABEL + Math.max(2, room * count / most) + 8, y: 17 }, shown(count)))))
}

watch()
