/**
 * What texts of tokens are like, for those who put many together.
 */

/** Characters that are put together at once: a text of twice as many would cost V8 a large object of its own. */
export const TEXT = 65_536

/** Characters of a text that may be a token: the longest one has 200 digits, and perhaps something between them. */
export const LONGEST = 1_000
