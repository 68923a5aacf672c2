import { chromium } from '../helpers/browsers.js'
import { testDecoder } from './page.js'

testDecoder(chromium)
