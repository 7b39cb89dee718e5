import { fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

export const PROTOBUF = "application/x-protobuf";
export const JSON_TYPE = "application/json";

export type Ask = { path?: string; method?: string; type?: string | null; headers?: Record<string, string> };

/** Sends a body to an OTLP receiver; as protobuf traces unless told otherwise. `type` null: no content type. */
export function post_otlp(url: string, body: Uint8Array | string, ask: Ask = {}): Promise<Response> {
  const { path = "/v1/traces", method = "POST", type = PROTOBUF, headers } = ask;
  const content_type = type === null ? undefined : { "content-type": type };
  return fetch(url + path, { method, headers: { ...content_type, ...headers }, ...(method !== "GET" && { body }) });
}

/** An error answer, with its body read as the google.rpc.Status that it must be. */
export async function refusal_of(response: Response) {
  const { status, headers } = response;
  const type = headers.get("content-type");
  const { code, message } =
    type === JSON_TYPE
      ? fromJsonString(StatusSchema, await response.text())
      : fromBinary(StatusSchema, await response.bytes());
  if (message === "") throw new Error(`an answer with status ${status} says nothing`);
  return { status, type, code, message };
}
