import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { complete_filter, type Completion, FilterError, parse_filter } from "../../../filter/index.ts";
import { attribute_keys_question, attribute_values_question } from "../api/questions.ts";
import { service_names_question } from "../api/questions.ts";
import { quoted } from "../lib/filter-text.ts";

type Props = { filter: string; on_filter: (filter: string) => void };

/** A filter that is being typed, with what may come next and what is wrong with it. */
export function FilterInput({ filter, on_filter }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const list_id = useId();
  const [text, set_text] = useState(filter);
  const [seen_filter, set_seen_filter] = useState(filter);
  const [place, set_place] = useState<number | null>(null);
  const [chosen, set_chosen] = useState(-1);
  // The address has changed: by going back, or by a link.
  if (filter !== seen_filter) {
    set_seen_filter(filter);
    set_text(filter);
  }
  const { from, options } = useCompletions(text, place ?? text.length, place !== null);
  const fault = fault_of(text);
  const is_open = place !== null && options.length > 0;

  const apply = (wanted: string) => {
    set_text(wanted);
    set_place(null);
    if (fault_of(wanted) === null) on_filter(wanted.trim());
  };
  const take = (option: Completion) => {
    const end = place ?? text.length;
    const completed = `${text.slice(0, from)}${option.text} `;
    set_text(completed + text.slice(end).trimStart());
    set_place(completed.length);
    set_chosen(-1);
    input.current?.focus();
  };
  const on_key = (event: KeyboardEvent) => {
    if (event.key === "Escape") set_place(null);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!is_open) return set_place(input.current?.selectionStart ?? text.length);
      const step = event.key === "ArrowDown" ? 1 : -1;
      set_chosen((chosen + step + options.length) % options.length);
    } else if (event.key === "Tab" && is_open && chosen >= 0) {
      event.preventDefault();
      take(options[chosen]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (is_open && chosen >= 0) take(options[chosen]);
      else apply(text);
    }
  };

  return (
    <div className="filter">
      <input
        ref={input}
        role="combobox"
        aria-label="Filter"
        aria-expanded={is_open}
        aria-controls={list_id}
        aria-activedescendant={is_open && chosen >= 0 ? `${list_id}-${chosen}` : undefined}
        aria-invalid={fault !== null}
        autoComplete="off"
        spellCheck={false}
        placeholder='status = error and duration > 2s and span.http.route = "/cart"'
        value={text}
        onChange={({ target }) => {
          set_text(target.value);
          set_place(target.selectionStart);
          set_chosen(-1);
        }}
        onFocus={() => text === "" && set_place(0)}
        onBlur={() => set_place(null)}
        onKeyDown={on_key}
      />
      {is_open && (
        <ul id={list_id} role="listbox" aria-label="What may come next">
          {options.map((option, index) => (
            <li
              key={option.text}
              id={`${list_id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              // Before the input loses the focus.
              onMouseDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              <span className="mono">{option.text}</span>
              <span className="what">{option.what}</span>
            </li>
          ))}
        </ul>
      )}
      {fault !== null && place === null && (
        <p className="notice is-error" role="alert">
          {fault.message}{" "}
          {fault.suggestion !== null && (
            <button
              type="button"
              onClick={() => apply(text.slice(0, fault.at) + (fault.suggestion ?? "") + text.slice(fault.end))}
            >
              {fault.suggestion}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function fault_of(text: string): FilterError | null {
  try {
    parse_filter(text);
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}

const OPTIONS_MAX = 50;

function useCompletions(text: string, at: number, is_wanted: boolean): { from: number; options: Completion[] } {
  const keys = useQuery({ ...attribute_keys_question(), enabled: is_wanted }).data ?? [];
  const { from, to, options, values_of } = complete_filter(text, at, keys);
  const is_service = values_of?.level === "intrinsic" && values_of.name === "service";
  const services = useQuery({ ...service_names_question(), enabled: is_wanted && is_service }).data ?? [];
  const attribute = values_of === null || values_of.level === "intrinsic" ? null : values_of;
  const written = text.slice(from, to).replace(/^"/, "");
  const level = attribute?.level === "resource" ? "resource" : "span";
  const values =
    useQuery({
      ...attribute_values_question(level, attribute?.key ?? "", written),
      enabled: is_wanted && attribute !== null,
    }).data ?? [];
  const found = is_service ? services.filter((name) => name.includes(written)) : attribute === null ? [] : values;
  return {
    from,
    options: [...options, ...found.map((value) => ({ text: quoted(value), what: "value" }))].slice(0, OPTIONS_MAX),
  };
}
