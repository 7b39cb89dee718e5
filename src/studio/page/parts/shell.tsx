import { Link, Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { choose_theme, current_theme } from "../lib/theme.ts";
import { LAST_INITIAL, type LastName, LASTS, time_search } from "../lib/time-range.ts";

/** What stands around every view. */
export function Shell() {
  const search = time_search(useSearch({ strict: false }));
  return (
    <div className="shell">
      <header className="header">
        <Link to="/" search={search} className="brand">
          junjo-traces
        </Link>
        <nav aria-label="Views">
          <Link to="/services" search={search}>
            Services
          </Link>
          <Link to="/traces" search={search}>
            Traces
          </Link>
        </nav>
        <RangeSelect />
        <ThemeButton />
      </header>
      <Outlet />
    </div>
  );
}

function RangeSelect() {
  const { last, since, until } = useSearch({ strict: false });
  const navigate = useNavigate();
  const choose = (name: LastName) =>
    void navigate({ to: ".", search: (old) => ({ ...old, last: name, since: undefined, until: undefined }) });
  const is_chosen_part = since !== undefined && until !== undefined;
  return (
    <label>
      <span className="hidden">Time range</span>
      <select
        value={is_chosen_part ? "part" : (last ?? LAST_INITIAL)}
        onChange={({ target }) => choose(target.value as LastName)}
      >
        {is_chosen_part && <option value="part">the chosen part</option>}
        {Object.entries(LASTS).map(([name, { what }]) => (
          <option key={name} value={name}>
            last {what}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeButton() {
  const [theme, set_theme] = useState(current_theme);
  const other = theme === "dark" ? "light" : "dark";
  const choose = () => {
    choose_theme(other);
    set_theme(other);
  };
  return (
    <button type="button" onClick={choose}>
      {other === "dark" ? "Dark" : "Light"}
    </button>
  );
}
