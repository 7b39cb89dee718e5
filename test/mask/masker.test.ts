import { describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { Masker, mask_rules } from "../../src/mask/index.ts";
import {
  event_init,
  int_value,
  type KeyValueInit,
  request_bytes,
  span_init,
  string_value,
  text_attributes,
} from "../support/otlp.ts";

const NO_RULES = { mask_attributes: [], mask_patterns: [], mask_regexps: [] };
const CAPTURES = join(import.meta.dir, "..", "captures");

/** What becomes of a span with these attributes. */
function masked(settings: Partial<typeof NO_RULES> | Record<string, string[]>, attributes: KeyValueInit[], more = {}) {
  const masker = new Masker(mask_rules({ ...NO_RULES, ...settings }));
  const { body, counts } = masker.mask(request_bytes([span_init({ attributes, ...more })]));
  const span = fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans[0].scopeSpans[0].spans[0];
  const values = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value?.value.value]));
  return { span, values, counts: Object.fromEntries(counts) };
}

describe("a rule about keys", () => {
  it.each([
    ["replaces", "user.token", { "user.token": "[masked]", other: "kept" }],
    ["hashes", "user.token:hash", { "user.token": "sha256:2bb80d537b1da3e3", other: "kept" }],
    ["drops", "user.token:drop", { other: "kept" }],
    ["takes a star for anything", "*.token", { "user.token": "[masked]", other: "kept" }],
  ])("%s", (_what, rule, wanted) => {
    const { values, counts } = masked(
      { mask_attributes: [rule] },
      text_attributes({ "user.token": "secret", other: "kept" }),
    );
    expect(values).toEqual(wanted);
    expect(counts).toEqual({ [rule.split(":")[0]]: 1 });
  });

  it("is about values of every type, at any depth, of spans, events, links and resources", () => {
    const nested: KeyValueInit = {
      key: "request",
      value: {
        value: {
          case: "kvlistValue",
          value: {
            values: [
              { key: "pin", value: int_value(1234n) },
              { key: "a", value: string_value("b") },
            ],
          },
        },
      },
    };
    const links = [
      {
        traceId: new Uint8Array(16).fill(1),
        spanId: new Uint8Array(8).fill(1),
        attributes: text_attributes({ pin: "1" }),
      },
    ];
    const { span } = masked({ mask_attributes: ["pin:drop"] }, [nested], {
      events: [event_init("e", { pin: "1", x: "y" })],
      links,
    });
    const [request] = span.attributes;
    expect(request.value?.value.value).toMatchObject({ values: [{ key: "a" }] });
    expect(span.events[0].attributes.map(({ key }) => key)).toEqual(["x"]);
    expect(span.links[0].attributes).toEqual([]);
  });
});

describe("a pattern", () => {
  it.each([
    ["emails", "write to ada@example.org, now", "write to [emails], now"],
    ["emails", "no one@ here", "no one@ here"],
    ["cards", "card 4111 1111 1111 1111.", "card [cards]."],
    ["cards", "order 4111 1111 1111 1112", "order 4111 1111 1111 1112"],
    ["keys", "key sk-proj-abcdefghijklmnop1234 used", "key [keys] used"],
    ["keys", "Authorization: Bearer abcdefghijklmnop1234", "Authorization: [keys]"],
    ["keys", "a sketch of sk-short", "a sketch of sk-short"],
  ])("%s of %p", (pattern, text, wanted) => {
    expect(masked({ mask_patterns: [pattern] }, text_attributes({ text })).values).toEqual({ text: wanted });
  });

  it("of one's own, hashed, is looked for in names, status messages, lists and events too", () => {
    const list: KeyValueInit = {
      key: "list",
      value: { value: { case: "arrayValue", value: { values: [string_value("ACME-17"), string_value("größe")] } } },
    };
    const { span, counts } = masked({ mask_regexps: ["ACME-\\d+:hash"] }, [list], {
      name: "GET ACME-17",
      status: { code: 2, message: "ACME-18 failed" },
      events: [event_init("ACME-17", { in: "x ACME-19" })],
    });
    const hash = /sha256:[0-9a-f]{16}/;
    expect(span.name).toMatch(hash);
    expect(span.status?.message).toMatch(/^sha256:[0-9a-f]{16} failed$/);
    expect(span.events[0].name).toMatch(hash);
    expect(JSON.stringify(span.attributes[0].value?.value.value)).toContain("größe");
    expect(counts).toEqual({ "ACME-\\d+": 5 });
    // The same text has the same hash, so that it can still be told apart.
    expect(span.name.slice("GET ".length)).toBe(span.events[0].name);
  });

  it("that drops takes the whole attribute", () => {
    expect(
      masked({ mask_patterns: ["emails:drop"] }, text_attributes({ to: "x ada@example.org", a: "b" })).values,
    ).toEqual({ a: "b" });
  });
});

it("requests of real SDKs stay byte for byte where no rule is about them, and are still requests where one is", () => {
  const nothing = new Masker(mask_rules({ ...NO_RULES, mask_attributes: ["no.such.key"], mask_patterns: ["cards"] }));
  const much = new Masker(mask_rules({ ...NO_RULES, mask_attributes: ["*:hash"], mask_regexps: ["[aeiou]"] }));
  for (const name of readdirSync(CAPTURES).filter((file) => file.endsWith(".pb"))) {
    const body = new Uint8Array(readFileSync(join(CAPTURES, name)));
    expect(Buffer.compare(nothing.mask(body).body, body)).toBe(0);
    const request = fromBinary(ExportTraceServiceRequestSchema, much.mask(body).body);
    const spans = (of: typeof request) =>
      of.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const before = spans(fromBinary(ExportTraceServiceRequestSchema, body));
    expect(spans(request).map(({ spanId }) => spanId)).toEqual(before.map(({ spanId }) => spanId));
    for (const span of spans(request)) expect(span.name).not.toMatch(/[aeiou](?![d\w]*\])/);
  }
});

it("masks what comes in two pieces, as protobuf allows", () => {
  const attribute = (value: string) =>
    toBinary(
      ExportTraceServiceRequestSchema,
      create(ExportTraceServiceRequestSchema, {
        resourceSpans: [{ resource: { attributes: text_attributes({ token: value }) } }],
      }),
    );
  // Two requests one behind the other are one.
  const body = Buffer.concat([attribute("first"), attribute("second")]);
  const { body: out, counts } = new Masker(mask_rules({ ...NO_RULES, mask_attributes: ["token"] })).mask(body);
  expect(out.toString()).not.toMatch(/first|second/);
  expect(counts.get("token")).toBe(2);
});

describe("rules that are none", () => {
  it.each([
    [{ mask_patterns: ["phones"] }, "there is no pattern phones: emails, cards, keys"],
    [{ mask_regexps: ["("] }, "( is not a regular expression"],
  ])("%p are refused", (settings, message) => {
    expect(() => mask_rules({ ...NO_RULES, ...settings })).toThrow(message);
  });
});
