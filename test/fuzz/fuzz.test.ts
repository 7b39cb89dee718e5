import { describe, expect, it } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { capture_body } from "../support/captures.ts";
import { post_otlp } from "../support/otlp-http.ts";
import { start_receivers } from "../support/receivers.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { Fuzzer, finding_body, FINDINGS, judge } from "./fuzzer.ts";

const TEST_MS = 4_000;
const GZIP_INPUTS = 150;

describe("changed requests", () => {
  it("are refused, or taken and read as what the frame check has counted", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`fuzz: npm run fuzz -- --seed ${seed}`);
    const fuzzer = new Fuzzer(seed);
    const began_ms = performance.now();
    for (let number = 0; performance.now() - began_ms < TEST_MS; number++) {
      const finding = fuzzer.try_input(number);
      if (finding !== null) throw new Error(`input ${number} of seed ${seed}`, { cause: finding.error });
    }
    // Changes that only ever break, or never do, would test little.
    for (const { taken, refused } of Object.values(fuzzer.counts)) {
      expect(taken).toBeGreaterThan(50);
      expect(refused).toBeGreaterThan(50);
    }
  }, 30_000);

  it("are answered with a yes or a refusal when they are gzip with bytes changed", async () => {
    await using receivers = await start_receivers({ request_bytes_max: 1024 * 1024 });
    const random = new SeededRandom(7);
    const body = gzipSync(capture_body("py-shapes-http.pb"));
    const statuses = new Set<number>();
    for (let input = 0; input < GZIP_INPUTS; input++) {
      const changed = Buffer.from(body);
      for (let changes = random.between(1, 3); changes > 0; changes--) {
        changed[random.between(0, body.length - 1)] = random.between(0, 255);
      }
      const sent = random.chance(0.8) ? changed : changed.subarray(0, random.between(0, body.length));
      const response = await post_otlp(receivers.http_url, sent, { headers: { "content-encoding": "gzip" } });
      await response.bytes();
      statuses.add(response.status);
    }
    expect([...statuses].filter((status) => ![200, 400, 413].includes(status))).toEqual([]);
    expect(statuses).toContain(400);
    const whole = await post_otlp(receivers.http_url, body, { headers: { "content-encoding": "gzip" } });
    expect(whole.status).toBe(200);
  });
});

const findings = existsSync(FINDINGS) ? readdirSync(FINDINGS) : [];

describe("what did harm once", () => {
  it.each(findings)("%s does none now", (name) => {
    const kind = name.endsWith(".json") ? "json" : "pb";
    expect(["taken", "refused"]).toContain(judge(kind, finding_body(name)));
  });
});
