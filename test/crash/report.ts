import type { CampaignResult, Round } from "./campaign.ts";

/** A Markdown table: each fault, how often, and what was found afterwards. */
export function campaign_table({ rounds }: CampaignResult): string {
  const faults = [...new Set(rounds.map(({ fault }) => fault))].sort((a, b) => a.localeCompare(b));
  const rows = [
    ...faults.map((fault) =>
      row(
        fault,
        rounds.filter((round) => round.fault === fault),
      ),
    ),
    row("all", rounds),
  ];
  return [
    "| fault | times | acked | stored | missing | duplicated | never sent | recovery ms, median / most |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function row(name: string, rounds: readonly Round[]): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const recovery_ms = rounds.map((round) => round.recovery_ms).sort((a, b) => a - b);
  const cells = [
    name,
    rounds.length,
    sum(({ acked }) => acked),
    sum(({ stored }) => stored),
    sum(({ missing }) => missing),
    sum(({ duplicated }) => duplicated),
    sum(({ never_sent }) => never_sent),
    `${Math.round(recovery_ms[Math.floor(recovery_ms.length / 2)])} / ${Math.round(recovery_ms.at(-1) ?? 0)}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Whether everything is as promised. */
export const is_clean = ({ rounds, end, refusals, old_spans }: CampaignResult): boolean =>
  [...rounds, end].every((found) => found.missing + found.duplicated + found.never_sent === 0) &&
  end.undead + end.duplicated_patches + end.wrong_patches + end.dead_letters + end.pending === 0 &&
  refusals.length === 0 &&
  old_spans.left < old_spans.sent;
