import { Corpus } from "./corpus.ts";
import { Random } from "./random.ts";
import { type Template, template_of, unique_copy, varied_copy } from "./unique-request.ts";

const TEMPLATE_COUNT = 200;

export type RequestOptions = {
  spans_per_request: number;
  /** Whether texts repeat those of other requests; ids and times never do. */
  is_repeating: boolean;
  /** When the spans of request 0 start. */
  epoch_unix_nano: bigint;
  /** How much later those of each next one do. */
  step_nano: bigint;
};

/** Requests by number: a process that knows the options makes the same ones as another. */
export class Requests {
  private readonly templates: readonly Template[];

  constructor(private readonly options: RequestOptions) {
    const corpus = new Corpus(new Random());
    this.templates = Array.from({ length: TEMPLATE_COUNT }, () =>
      template_of(corpus.request(options.spans_per_request, options.epoch_unix_nano)),
    );
  }

  /** The serialized request of a number below 2^32 - 1. */
  body(number: number): Uint8Array {
    const template = this.templates[number % TEMPLATE_COUNT];
    const shift_nano = BigInt(number) * this.options.step_nano;
    return (this.options.is_repeating ? unique_copy : varied_copy)(template, number + 1, shift_nano);
  }
}
