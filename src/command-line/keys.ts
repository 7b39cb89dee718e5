import { add_key, type FileKey, read_keys, revoke, type Scope, SCOPES } from "../access/index.ts";

/** Prints the key alone on standard output, so that a script can take it. */
export function print_new_key(path: string, { name, scope = [...SCOPES] }: { name?: string; scope?: Scope[] }): void {
  const made = add_key(path, scope, name);
  console.error(`junjo-traces: made "${made.name}" (${scope.join(", ")}); this is the only time that the key is shown`);
  console.log(made.key);
}

export function print_keys(path: string): void {
  const rows = [["ID", "NAME", "SCOPES", "CREATED", "REVOKED"], ...read_keys(path).map(cells)];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
}

export function revoke_key(path: string, id_or_name: string): void {
  const { name } = revoke(path, id_or_name);
  console.error(`junjo-traces: revoked "${name}"`);
}

const cells = ({ id, name, scopes, created_at, revoked_at }: FileKey): string[] => [
  String(id),
  name,
  scopes.join(","),
  created_at,
  revoked_at ?? "-",
];
