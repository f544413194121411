/** One call of a tool. */
export interface LiveToolCall {
  readonly id: string;
  readonly name: string;
  /** True when the model or a lost connection took the call back: the result will not be sent. */
  readonly cancelled: boolean;
}

/** Runs a tool and returns its result, which must be JSON. What it throws is sent to the model as the error's message. */
// biome-ignore lint/suspicious/noExplicitAny: the profile declares the arguments of each tool.
export type LiveTool = (args: any, call: LiveToolCall) => unknown;

export type LiveTools = Readonly<Record<string, LiveTool>>;

interface FunctionCall {
  id: string;
  name: string;
  args?: unknown;
}

/** The tool calls that run. */
export interface RunningCalls {
  start(calls: readonly FunctionCall[]): void;
  /** Takes calls back; all of them without ids. */
  cancel(ids?: readonly string[]): void;
  names(): readonly string[];
}

/**
 * @param tools the tools of this moment.
 * @param respond sends one result.
 * @param onChange after a call has begun or has ended by itself.
 */
export function createRunningCalls(
  tools: () => LiveTools,
  respond: (response: object) => void,
  onChange: () => void,
): RunningCalls {
  const running = new Map<string, { id: string; name: string; cancelled: boolean }>();

  async function run({ id, name, args }: FunctionCall): Promise<void> {
    const call = { id, name, cancelled: false };
    running.set(id, call);
    let response: object;
    try {
      const tool = new Map(Object.entries(tools())).get(name); // no `toString`
      if (!tool) throw new Error(`There is no tool ${name}.`);
      response = { result: (await tool(args ?? {}, call)) ?? null };
    } catch (error) {
      response = { error: toError(error).message };
    }
    if (call.cancelled) return;
    running.delete(id);
    respond({ id, name, response });
    onChange();
  }

  return {
    start(calls) {
      for (const call of calls) void run(call);
      onChange();
    },
    cancel(ids = [...running.keys()]) {
      for (const id of ids) {
        const call = running.get(id);
        if (call) call.cancelled = true;
        running.delete(id);
      }
    },
    names: () => [...running.values()].map(({ name }) => name),
  };
}

/** Returns an error for anything that was thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
