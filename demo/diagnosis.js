/**
 * The diagnosis of a connection, in words: what is wrong first, each with a way to the part that it is about.
 */
import { element } from './elements.js'
import { words } from './words.js'

/** In the order in which they stand on the bar, by their place in the core's counts. */
const FATES = /** @type {const} */ ([['accepted', 1], ['rejected', 2], ['discarded', 3], ['unknown', 0]])

/** Findings that are shown at first. */
const FIRST = 12

/**
 * @param {HTMLElement} place
 * @param {import('../js/core/capture.js').Connection} connection
 * @param {(index: number) => void} show a part
 */
export function showDiagnosis (place, { fates, findings, lengths, kinds }, show) {
  const all = findings.map(finding => line(finding, show))
  const list = element('ul', { class: 'findings' }, ...all.slice(0, FIRST))
  place.replaceChildren(...bar(fates), all.length > 0 ? list : element('p', {}, words.fine))
  if (all.length > FIRST) {
    const more = element('button', { type: 'button' }, words.moreFindings(all.length - FIRST))
    more.onclick = () => {
      list.append(...all.slice(FIRST))
      more.remove()
    }
    place.append(more)
  }
  const streams = [0, 1].filter(side => lengths[side] > 0).map(side =>
    element('span', {}, `${side === 0 ? '→' : '←'} ${words.bytes(lengths[side])} (${words.kinds[kinds[side]]})`))
  place.append(element('p', { class: 'streams' }, ...streams))
}

/** How many notifications ended in which way. @param {[number, number, number, number]} fates */
function bar (fates) {
  if (fates.every(count => count === 0)) return []
  const parts = FATES.filter(([, at]) => fates[at] > 0).map(([fate, at]) => {
    const part = element('span', { class: fate })
    part.style.flexGrow = String(fates[at])
    return part
  })
  return [
    element('div', { class: 'bar', 'aria-hidden': true }, ...parts),
    element('p', { class: 'tally' }, words.tally(fates))
  ]
}

/**
 * @param {import('../js/core/capture.js').Finding} finding
 * @param {(index: number) => void} show
 */
function line (finding, show) {
  const { trouble } = finding
  const text = words.finding(finding)
  const index = finding.entry ?? finding.response
  const sentence = `${text[0].toUpperCase()}${text.slice(1)}`
  return element('li', { class: trouble ? 'wrong' : 'good' },
    element('span', { class: 'unseen' }, `${trouble ? words.wrong : words.good}: `),
    index === undefined || index === null
      ? element('span', {}, sentence)
      : element('button', { type: 'button', class: 'finding', onclick: () => show(index) }, sentence))
}
