import type { Logger } from "../observe/index.ts";

/** Whether polling goes well; one log line for each change, not for each attempt. */
export class Health {
  private failures = 0;

  constructor(
    private readonly logger: Logger,
    private readonly source: string,
  ) {}

  get is_healthy(): boolean {
    return this.failures === 0;
  }

  went_well(): void {
    if (this.failures > 0)
      this.logger.info({ source: this.source, failures: this.failures }, "polling goes well again");
    this.failures = 0;
  }

  /** Gives how many times in a row it has failed. */
  failed(error: unknown): number {
    if (this.failures === 0)
      this.logger.error({ source: this.source, err: error }, "polling fails; trying again for ever");
    return ++this.failures;
  }
}
