/** The sidecar's pages in a real Firefox. */
import { firefox } from '../helpers/browsers.js'
import { testPages } from '../helpers/sidecar-pages.js'

testPages(firefox)
