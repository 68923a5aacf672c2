/**
 * The process in which a contender runs: it is made ready once, then runs a round for each message.
 */

/** @type {((input: any) => Promise<unknown>) | undefined} */
let round

process.on('message', async (/** @type {any} */ { name, setup, input }) => {
  try {
    if (name === undefined) {
      process.send?.({ result: await round?.(input) })
    } else {
      const { prepare } = await import(`../contenders/${name}.js`)
      round = await prepare(setup)
      process.send?.({ result: null })
    }
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) })
  }
})
