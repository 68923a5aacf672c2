import { firefox } from '../helpers/browsers.js'
import { testDecoder } from './page.js'

testDecoder(firefox)
