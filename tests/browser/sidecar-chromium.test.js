/** The sidecar's pages in a real Chromium. */
import { testPages } from '../helpers/sidecar-pages.js'

testPages('chromium')
