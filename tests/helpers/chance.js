/** Chance that can be repeated: BELLPUSH_SEED=NUMBER gives the same numbers again. */

export const seed = Number(process.env.BELLPUSH_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0

/** Mulberry32: every seed is a good one. @param {number} state */
export const chance = state => () => {
  state = state + 0x6d2b79f5 | 0
  let mixed = Math.imul(state ^ state >>> 15, 1 | state)
  mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed
  return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
}
