/** Of a message: by field key (number × 8 + 2), its messages; and which fields are attributes, and a text. */
export type MessageFields = { messages?: Readonly<Record<number, MessageFields>>; attributes?: number; text?: number };

const key = (number: number): number => number * 8 + 2;

// https://github.com/open-telemetry/opentelemetry-proto
const EVENT: MessageFields = { text: key(2), attributes: key(3) };
const LINK: MessageFields = { attributes: key(4) };
const STATUS: MessageFields = { text: key(2) };
const SPAN: MessageFields = {
  text: key(5),
  attributes: key(9),
  messages: { [key(11)]: EVENT, [key(13)]: LINK, [key(15)]: STATUS },
};
const SCOPE: MessageFields = { attributes: key(3) };
const SCOPE_SPANS: MessageFields = { messages: { [key(1)]: SCOPE, [key(2)]: SPAN } };
const RESOURCE: MessageFields = { attributes: key(1) };
const RESOURCE_SPANS: MessageFields = { messages: { [key(1)]: RESOURCE, [key(2)]: SCOPE_SPANS } };

export const REQUEST: MessageFields = { messages: { [key(1)]: RESOURCE_SPANS } };
