import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { openapi_document } from "../../src/http/index.ts";
import { start_test_api, type TestApi } from "../support/http.ts";

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
});
afterAll(() => api[Symbol.asyncDispose]());

const text_of = async (path: string) => (await api.get(path)).text();

describe("/docs", () => {
  it("asks this server alone, and gets all that it asks for", async () => {
    const page = await text_of("/docs");
    const references = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, reference]) => reference);
    const script = await text_of("/docs/start.js");
    const fetched = /url: "([^"]+)"/.exec(script)?.[1] ?? "";
    expect(references).toContain("docs/swagger-ui-bundle.js");
    for (const reference of [...references, fetched].filter((reference) => !reference.startsWith("data:"))) {
      expect(reference).not.toMatch(/^([a-z]+:|\/)/);
      const response = await api.get(new URL(reference, "http://host/docs").pathname);
      expect({ reference, status: response.status }).toEqual({ reference, status: 200 });
      expect((await response.bytes()).length).toBeGreaterThan(50);
    }
    expect(script).toContain("validatorUrl: null");
  });

  it("may not load anything from elsewhere, nor run what stands in the page", async () => {
    const policy = (await api.get("/docs")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; ");
    expect(policy).toContain("connect-src 'self'");
    expect(await text_of("/docs")).not.toMatch(/<script>|<style|\bon[a-z]+=/);
  });

  it("gives each file its type", async () => {
    const type_of = async (path: string) => (await api.get(path)).headers.get("content-type");
    expect(await type_of("/docs")).toBe("text/html; charset=utf-8");
    expect(await type_of("/docs/swagger-ui.css")).toBe("text/css; charset=utf-8");
    expect(await type_of("/docs/swagger-ui-bundle.js")).toBe("text/javascript; charset=utf-8");
  });
});

describe("/openapi.json", () => {
  it("is the document", async () => {
    expect(await (await api.get("/openapi.json")).json()).toEqual(JSON.parse(JSON.stringify(openapi_document())));
  });

  it("declares every parameter of a path and names each operation once", () => {
    const operations = Object.entries(openapi_document().paths ?? {}).flatMap(([path, { get, post, delete: remove }]) =>
      [get, post, remove].flatMap((operation) => (operation === undefined ? [] : [{ path, operation }])),
    );
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      const declared = (operation.parameters ?? []).flatMap((parameter) =>
        "in" in parameter && parameter.in === "path" ? [parameter.name] : [],
      );
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });
});
