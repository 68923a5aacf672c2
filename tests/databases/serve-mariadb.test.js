/** Sidecars that share a real MariaDB. */
import { mariadb } from '../helpers/database-servers.js'
import { testServerSidecars } from '../helpers/server-sidecars.js'

testServerSidecars('MariaDB', mariadb)
