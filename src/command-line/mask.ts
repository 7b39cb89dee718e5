import type { Config } from "../config/index.ts";

/** Prints how often each masking rule would have been applied to what is stored. Resolves to the exit code. */
export async function print_mask_counts(config: Config): Promise<number> {
  const { count_masked } = await import("../inspect/index.ts");
  const { span_count, counts } = await count_masked(config);
  if (counts.size === 0) {
    console.log("there are no masking rules: MASK_ATTRIBUTES, MASK_PATTERNS, MASK_REGEXPS");
    return 0;
  }
  for (const [rule, count] of counts) console.log(`${rule}: ${count} values`);
  console.log(`of ${span_count} spans; nothing was changed`);
  return 0;
}
