import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, store_key } from "../api/client.ts";

/** Why there is nothing to see, and what can be done about it. */
export function Failure({ error }: { error: Error }) {
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return <KeyForm error={error} />;
  return (
    <div className="notice is-error" role="alert">
      {error.message}
    </div>
  );
}

function KeyForm({ error }: { error: ApiError }) {
  const client = useQueryClient();
  const [key, set_key] = useState("");
  const keep = (event: FormEvent) => {
    event.preventDefault();
    store_key(key.trim());
    void client.resetQueries();
  };
  return (
    <form className="notice" onSubmit={keep}>
      <p>
        {error.problem.title ?? "An API key is required"}. It is kept in this browser, and sent to this server alone.
      </p>
      <div className="row">
        <label>
          API key{" "}
          <input
            type="password"
            autoComplete="off"
            value={key}
            onChange={({ target }) => set_key(target.value)}
            required
          />
        </label>
        <button type="submit" className="is-primary">
          Use it
        </button>
      </div>
    </form>
  );
}
