/**
 * A progress bar on a terminal; on anything else, nothing.
 */
import { Presets, SingleBar } from 'cli-progress'

/** A bar that is not there. */
const none = { update () {}, stop () {}, aside: (/** @type {() => void} */ run) => run() }

export function isProgressShown () {
  return process.stderr.isTTY && process.env.TERM !== 'dumb'
}

/**
 * @param {object} bar
 * @param {number | undefined} bar.total undefined: nobody knows, and there is only a count
 * @param {string} bar.unit what is counted, in the plural
 */
export function startProgress ({ total, unit }) {
  if (!isProgressShown()) return none
  const bar = new SingleBar({
    stream: process.stderr,
    format: total === undefined ? `{count} ${unit} {note}` : `{bar} {percentage}% of {of} ${unit} {note}`,
    barsize: 24,
    hideCursor: false,
    clearOnComplete: true,
    gracefulExit: false,
    forceRedraw: true
  }, Presets.shades_classic)
  const payload = { count: '0', of: total?.toLocaleString('en-US'), note: '' }
  bar.start(total ?? 1, 0, payload)
  return {
    /**
     * @param {number} value
     * @param {string} [note]
     */
    update (value, note = '') {
      bar.update(Math.min(value, total ?? 0), { ...payload, count: value.toLocaleString('en-US'), note })
    },
    stop () {
      bar.stop()
    },
    /** Runs something that writes to stderr. @param {() => void} run */
    aside (run) {
      process.stderr.write('\r\x1b[K')
      run()
      bar.render()
    }
  }
}
