import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CancelledNotificationSchema,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";

/** Standard input and output, which knows what was not answered yet: the SDK's would end with the input, in the middle of it. */
export class AnsweringTransport extends StdioServerTransport {
  private readonly unanswered = new Set<RequestId>();
  private on_answer: () => void = () => undefined;

  /** The SDK calls it before it looks at a message itself. */
  override onmessage = (message: JSONRPCMessage): void => {
    if (isJSONRPCRequest(message)) this.unanswered.add(message.id);
    const cancelled = CancelledNotificationSchema.safeParse(message).data?.params.requestId;
    if (cancelled !== undefined) this.done(cancelled);
  };

  override async send(message: JSONRPCMessage): Promise<void> {
    await super.send(message);
    if ((isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) && message.id !== undefined) {
      this.done(message.id);
    }
  }

  /** Resolves when nothing waits for an answer. */
  async answered(): Promise<void> {
    while (this.unanswered.size > 0) await new Promise<void>((resolve) => (this.on_answer = resolve));
  }

  private done(id: RequestId): void {
    this.unanswered.delete(id);
    this.on_answer();
  }
}
