import { useState } from "react";
import { allExpanded, collapseAllNested, defaultStyles, JsonView } from "react-json-view-lite";
import { stringify_exactly } from "../model/exact-json.ts";
import { parse_json } from "../model/json.ts";
import { CopyButton } from "./copy-button.tsx";

/** Characters of a text that are shown before it is opened. */
const SHOWN_MAX = 400;

/** An attribute's value: a text that may be long or JSON, or anything else as a tree. */
export function Value({ value, name }: { value: unknown; name: string }) {
  if (typeof value === "string") return <Text text={value} name={name} />;
  if (typeof value === "object" && value !== null) return <Tree value={value} name={name} />;
  return <span className="mono">{String(value)}</span>;
}

function Text({ text, name }: { text: string; name: string }) {
  const [is_open, set_open] = useState(false);
  const [as_tree, set_as_tree] = useState(false);
  const json = json_of(text);
  const is_long = text.length > SHOWN_MAX;
  if (as_tree && json !== null) {
    return (
      <>
        <Tree value={json} name={name} />
        <button type="button" onClick={() => set_as_tree(false)}>
          As text
        </button>
      </>
    );
  }
  return (
    <>
      <span className="long-text">{is_long && !is_open ? `${text.slice(0, SHOWN_MAX)}…` : text}</span>
      {(is_long || json !== null) && (
        <span className="row">
          {is_long && (
            <button type="button" aria-expanded={is_open} onClick={() => set_open(!is_open)}>
              {is_open ? "Less" : `All ${text.length.toLocaleString()} characters`}
            </button>
          )}
          {json !== null && (
            <button type="button" onClick={() => set_as_tree(true)}>
              As a tree
            </button>
          )}
          <CopyButton text={text} what={name} />
        </span>
      )}
    </>
  );
}

/** An object or array that is written as text; null: it is none. */
function json_of(text: string): object | null {
  if (!/^\s*[[{]/.test(text)) return null;
  return (parse_json(text) as object | undefined) ?? null;
}

/** The library's own colours are for a light ground. */
const STYLE = {
  ...defaultStyles,
  container: "json-container",
  label: "json-label",
  clickableLabel: "json-label",
  nullValue: "json-other",
  undefinedValue: "json-other",
  otherValue: "json-other",
  numberValue: "json-number",
  booleanValue: "json-number",
  stringValue: "json-string",
  punctuation: "json-punctuation",
};

const NODES_EXPANDED_MAX = 50;

function Tree({ value, name }: { value: object; name: string }) {
  const text = stringify_exactly(value);
  const is_small = (text.match(/[:,]/g) ?? []).length <= NODES_EXPANDED_MAX;
  return (
    <div className="json-tree">
      <JsonView
        data={value}
        style={STYLE}
        shouldExpandNode={is_small ? allExpanded : collapseAllNested}
        clickToExpandNode
      />
      <CopyButton text={text} what={name} />
    </div>
  );
}
