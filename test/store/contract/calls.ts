import { describe, expect, it } from "bun:test";
import { SeededRandom } from "../../support/seeded-random.ts";
import { span_init } from "../../support/otlp.ts";
import { append_spans } from "../../support/store.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";
import { PlainDisk, PlainStore } from "./plain-store.ts";

const BASE_US = 1_795_000_000_000_000n;
const SERVICES = ["checkout", "größe's", 'a "b"'];

/** What spans are called, and which service calls which. */
export function describe_calls(open: OpenStore): void {
  describe("calls between services", () => {
    const opened = opened_for_block(open);

    it("are those that a plain list of spans has, in all tiers", async () => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
      console.log(`calls seed ${seed}`);
      const random = new SeededRandom(seed);
      const { store } = opened;
      const plain = new PlainStore(new PlainDisk(), Infinity);
      for (let step = 0; step < 12; step++) {
        const spans = Array.from({ length: 30 }, () =>
          span_init({
            traceId: new Uint8Array(16).fill(random.between(1, 5)),
            spanId: new Uint8Array(8).fill(random.between(1, 40)),
            ...(random.chance(0.8) && { parentSpanId: new Uint8Array(8).fill(random.between(1, 40)) }),
            name: `work ${random.between(0, 9)}`,
            kind: random.between(0, 5),
            startTimeUnixNano: (BASE_US + BigInt(random.between(0, 40))) * 1000n,
          }),
        );
        const service = SERVICES[step % SERVICES.length];
        for (const one of [store, plain]) await append_spans(one, spans, service);
        if (random.chance(0.5)) await store.seal();
      }
      const [whole, part] = [
        { since_us: BASE_US, until_us: BASE_US + 40n },
        { since_us: BASE_US + 10n, until_us: BASE_US + 30n },
      ];
      expect((await plain.dependencies(whole)).length).toBeGreaterThan(3);
      for (const range of [whole, part, { since_us: 0n, until_us: 1n }]) {
        expect(await store.dependencies(range)).toEqual(await plain.dependencies(range));
      }
      for (const service of [...SERVICES, "nobody"]) {
        expect(await store.operations(service, 1_000)).toEqual(await plain.operations(service, 1_000));
        expect(await store.operations(service, 3)).toEqual(await plain.operations(service, 3));
      }
    });
  });
}
