import { is_same } from "../model/json.ts";
import { compare } from "../model/span-row.ts";
import type { LlmCall, Message } from "./types.ts";

/** One call of a conversation. */
export type ConversationTurn = {
  call: LlmCall;
  /** What its input has that the turns before had not: a request repeats all that was said so far. */
  new_input: Message[];
};

export type Conversation = { id: string; turns: ConversationTurn[] };

/** The conversations that calls belong to, by their first turn, whichever traces those are of. Calls of none are left out. */
export function conversations(calls: readonly LlmCall[]): Conversation[] {
  const in_order = calls.toSorted(
    (a, b) => compare(a.start_unix_nano, b.start_unix_nano) || compare(a.span_id, b.span_id),
  );
  const groups = Map.groupBy(in_order, ({ conversation_id }) => conversation_id);
  return [...groups].flatMap(([id, turns]) => (id === null ? [] : { id, turns: turns_of(turns) }));
}

/** A turn goes on from the longest earlier one that it repeats: an agent's sub-agents may talk in between. */
function turns_of(calls: readonly LlmCall[]): ConversationTurn[] {
  return calls.map((call, index) => {
    const before = calls.slice(0, index).flatMap(({ input, output }) => [input, [...input, ...output]]);
    const repeated = Math.max(0, ...before.map((said) => (is_beginning(said, call.input) ? said.length : 0)));
    return { call, new_input: call.input.slice(repeated) };
  });
}

/** By what was said: SDKs tell why a message ended only when it is new. */
const is_beginning = (said: readonly Message[], of: readonly Message[]) =>
  said.length <= of.length &&
  said.every(({ role, parts }, index) => role === of[index]?.role && is_same(parts, of[index].parts));
