import { lease_of_server } from "../backup/index.ts";
import { type Config, queue_directory } from "../config/index.ts";
import { type Fault, verify_leased, verify_store, type Verification } from "../store/index.ts";
import { has_sqlite_queue } from "../wal/index.ts";
import { leased_options, refuse_nothing } from "./lease-data.ts";
import { verify_queue } from "./verify-queue.ts";

export type DataVerification = Verification & {
  queued_request_count: number;
  /** Whether there is a queue of an earlier release, which was not looked at. */
  has_earlier_queue: boolean;
};

/**
 * Checks everything that is stored or queued, in bounded memory, and changes nothing. Of a running server these are the
 * segments that it counts; when none runs, the catalog is compared with the directories too. Each fault is given as it is found. Rejects with InspectError `no_data`, BackupError or StoreError.
 */
export async function verify(config: Config, on_fault: (fault: Fault) => void): Promise<DataVerification> {
  refuse_nothing(config);
  let fault_count = 0;
  const report = (fault: Fault) => {
    fault_count++;
    on_fault(fault);
  };
  const queued_request_count = verify_queue(config, report);
  const has_earlier_queue = has_sqlite_queue(queue_directory(config));
  return { ...(await verify_segments(config, report)), queued_request_count, has_earlier_queue, fault_count };
}

async function verify_segments(config: Config, on_fault: (fault: Fault) => void): Promise<Verification> {
  const options = leased_options(config);
  await using lease = await lease_of_server(config);
  if (lease === null) return verify_store(options, on_fault);
  const verification = await verify_leased(options, lease.directories, on_fault);
  await lease.confirm();
  return verification;
}
