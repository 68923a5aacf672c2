/** The sidecar's pages in a real Chromium. */
import { chromium } from '../helpers/browsers.js'
import { testPages } from '../helpers/sidecar-pages.js'

testPages(chromium)
