/** The sidecar's pages in a real Firefox. */
import { testPages } from '../helpers/sidecar-pages.js'

testPages('firefox')
