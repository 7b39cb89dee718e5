/** Something is not as it should be: where, and what. */
export type Fault = { path: string; what: string };

export type ReportFault = (fault: Fault) => void;

/** What was looked at. */
export type Verification = {
  segment_count: number;
  file_count: number;
  file_bytes: number;
  /** Segments whose rows were not looked at, because their files are not what they should be. */
  unread_count: number;
  span_count: number;
  patch_count: number;
  /** Whether the catalog was compared with the directories. */
  is_catalog_compared: boolean;
  fault_count: number;
};
