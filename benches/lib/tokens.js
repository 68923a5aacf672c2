/**
 * What is pushed, the same in every benchmark: a doorbell's notification of 122 bytes to tokens of 32.
 */

/** The last four bytes of a token are its number, by which the gateway knows it; the others look like a token's. */
const LETTERS = 56

export const payload = JSON.stringify({
  aps: { alert: { title: 'Front door', body: 'Somebody is at the door.' }, sound: 'doorbell.caf', badge: 1 },
  door: 'a41'
})

/** What an HTTP/2 client pushes it for. */
export const topic = 'com.example.doorbell'

/**
 * @param {number} count
 * @returns {string[]} lower-case hexadecimal
 */
export function makeTokens (count) {
  let state = 0x9e3779b9
  const random = () => {
    // xorshift32: the same tokens in every run.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0).toString(16).padStart(8, '0')
  }
  return Array.from({ length: count }, (_, number) => {
    let text = ''
    while (text.length < LETTERS) text += random()
    return Buffer.from(text + number.toString(16).padStart(8, '0'), 'latin1').toString('latin1')
  })
}
