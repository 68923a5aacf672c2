/** Sidecars that share a real PostgreSQL. */
import { postgres } from '../helpers/database-servers.js'
import { testServerSidecars } from '../helpers/server-sidecars.js'

testServerSidecars('PostgreSQL', postgres)
