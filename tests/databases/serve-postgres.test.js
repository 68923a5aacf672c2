/** Sidecars that share a real PostgreSQL. */
import { postgres } from '../helpers/database-servers.js'
import { testServerSidecars } from '../helpers/server-sidecars.js'

testServerSidecars('PostgreSQL', postgres, {
  locking: 'begin; lock table bellpush_jobs; select pg_sleep(8); commit',
  endless: "create view endless as select '7'::text as client_id, pg_sleep(90)::text as token"
})
