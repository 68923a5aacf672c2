/**
 * The log: JSON lines by pino. A device token is shortened wherever it may turn up, and headers, which hold the keys,
 * are not written at all.
 */

/** Hexadecimal digits in a row that may be a token, as it stands in paths and messages. */
const TOKEN = /[0-9a-f]{8}[0-9a-f]{8,}/gi

/** @param {string} text */
export const shortened = text => text.replace(TOKEN, token => `${token.slice(0, 8)}…`)

/**
 * @param {string} level
 * @param {import('node:stream').Writable} [stream]
 */
export function logger (level, stream) {
  return {
    level,
    ...stream && { stream },
    serializers: {
      req: (/** @type {any} */ { method, url, ip }) => ({ method, url: shortened(String(url)), ip }),
      res: (/** @type {any} */ { statusCode }) => ({ statusCode }),
      err: (/** @type {any} */ error) => ({
        type: String(error?.name ?? typeof error),
        code: error?.code,
        message: shortened(String(error?.message ?? error)),
        stack: shortened(String(error?.stack ?? '')),
        cause: error?.cause instanceof Error ? shortened(error.cause.message) : undefined
      })
    }
  }
}
