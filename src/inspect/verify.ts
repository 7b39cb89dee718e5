import { lease_of_server } from "../backup/index.ts";
import type { Config } from "../config/index.ts";
import { type Fault, verify_leased, verify_store, type Verification } from "../store/index.ts";
import { leased_options, refuse_nothing } from "./lease-data.ts";
import { verify_earlier_queue } from "./verify-earlier-queue.ts";
import { verify_queue } from "./verify-queue.ts";

/** What was looked at. */
export type DataVerification = Verification & {
  queued_request_count: number;
  /** Of the queue of an earlier release that no server has taken over yet; null: there is none. */
  earlier_queued_request_count: number | null;
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
  const earlier_queued_request_count = verify_earlier_queue(config, report);
  const verification = await verify_segments(config, report);
  return { ...verification, queued_request_count, earlier_queued_request_count, fault_count };
}

async function verify_segments(config: Config, on_fault: (fault: Fault) => void): Promise<Verification> {
  const options = leased_options(config);
  await using lease = await lease_of_server(config);
  if (lease === null) return verify_store(options, on_fault);
  const verification = await verify_leased(options, lease.directories, on_fault);
  await lease.confirm();
  return verification;
}
