import { lease_of_server } from "../backup/index.ts";
import type { Config } from "../config/index.ts";
import { type Fault, verify_leased, verify_store, type Verification } from "../store/index.ts";
import { leased_options, refuse_nothing } from "./lease-data.ts";

/**
 * Checks everything that is stored, in bounded memory, and changes nothing. Of a running server these are the segments
 * that it counts; when none runs, the catalog is compared with the directories too, and what waits in the queue is not
 * looked at. Each fault is given as it is found. Rejects with InspectError `no_data`, BackupError or StoreError.
 */
export async function verify(config: Config, on_fault: (fault: Fault) => void): Promise<Verification> {
  refuse_nothing(config);
  const options = leased_options(config);
  await using lease = await lease_of_server(config);
  if (lease === null) return verify_store(options, on_fault);
  const verification = await verify_leased(options, lease.directories, on_fault);
  await lease.confirm();
  return verification;
}
