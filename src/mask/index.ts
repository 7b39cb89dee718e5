/**
 * What must not be stored, and its removal from requests before they are queued.
 *
 * `mask_rules` reads the rules out of the settings; throws MaskError. A Masker applies them to the bytes of a request and says
 * how often each was. Rules are about attributes' keys at any depth, and about what stands in texts: attributes' values, names
 * of spans and events, status messages. Bytes values, ids, numbers and keys themselves are not looked into by patterns.
 */
export { type MaskCounts, Masker } from "./masker.ts";
export { BUILT_IN, has_rules, MaskError, mask_rules, type MaskRules, type MaskSettings } from "./rules.ts";
