/** A process that reads feedback as its argument says, tells its parent of each step, and is there to be killed. */

import { readFeedback } from '../../js/feedback.js'
import { openTokenStore } from '../../js/stores/index.js'
import { token } from './simulated.js'

const tokens = await openTokenStore('memory:')
await tokens.putMany(Array.from({ length: 200 }, (_, index) => ({ clientId: 'a', token: token(index + 1), at: 0 })))
const report = await readFeedback({
  ...JSON.parse(process.argv[2]), tokens, onProgress: progress => process.send?.(progress)
})
process.send?.({ report, problem: report.problem?.code })
process.disconnect()
