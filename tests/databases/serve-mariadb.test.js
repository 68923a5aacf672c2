/** Sidecars that share a real MariaDB. */
import { mariadb } from '../helpers/database-servers.js'
import { testServerSidecars } from '../helpers/server-sidecars.js'

testServerSidecars('MariaDB', mariadb, {
  locking: 'lock tables bellpush_jobs write; do sleep(8); unlock tables',
  endless: "create view endless as select cast('7' as char) as client_id, cast(sleep(90) as char) as token"
})
