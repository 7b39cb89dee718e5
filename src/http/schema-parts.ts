import { z } from "@hono/zod-openapi";

// What answers are made of.

export const count = () => z.int().min(0);

/** An id, as it is stored. */
export const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
