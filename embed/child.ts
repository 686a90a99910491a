// One child domain, behind the handle that its parent has.
//
// Invariants
//   C1  It ends when its parent ends or lets its handle go (once what it runs is over), when the capability that made it
//       is revoked, and when a call of it is dropped: nobody is left who could see it run.
//   C2  Whatever it does is an outcome: no error of the host's reaches the parent but as a refusal.
import { capability, currentCall, type GrantedOf, interrupt, whenUnused, within } from "../policy-libs/index.ts";
import { CHILD } from "./domain-contract.ts";
import { isCordonError } from "./errors.ts";
import type { Result, RunUsage } from "./result.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Language } from "./typescript.ts";

/** As much of a sandbox as its parent can use. */
export type ChildSandbox = Pick<Sandbox, "run" | "call" | "check" | "ended" | "dispose">;

export interface ChildParts {
  readonly sandbox: ChildSandbox;
  readonly language: Language;
  /** Time is virtual: how long something really took is not told. */
  readonly isVirtual: boolean;
  /** It has ended. */
  readonly onEnd: () => void;
}

interface Child extends ChildParts {
  readonly over: PromiseWithResolvers<string>;
  running: number;
  isUnused: boolean;
  used: RunUsage;
}

const NOTHING_USED: RunUsage = { fuel: 0, memory: 0, calls: 0, bytes: 0, wall: 0 };

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** What the guest did wrong, in words of its contract. */
function refusalOf(error: unknown): unknown {
  if (!isCordonError(error)) return error;
  return error.code === "E_DISPOSED" ? refusal("E_ENDED", "the child has ended") : refusal("E_VALUE", error.message);
}

function noteEnd(child: Child): void {
  const how = child.sandbox.ended();
  if (how === undefined) return;
  child.over.resolve(how);
  child.onEnd();
}

function end(child: Child): void {
  noteEnd(child); // how it had ended before, if it had
  child.sandbox.dispose();
  noteEnd(child);
}

function count(child: Child, { fuel, memory, calls, bytes, wall }: RunUsage): void {
  const { used } = child;
  child.used = {
    ...{ fuel: used.fuel + fuel, calls: used.calls + calls, bytes: used.bytes + bytes, wall: used.wall + wall },
    memory: Math.max(used.memory, memory),
  };
}

/** Questions that a child's powers ask are put to whoever runs the parent. Nobody there: the run is cancelled. */
async function settled(started: Promise<Result>): Promise<Exclude<Result, { readonly status: "interrupted" }>> {
  const call = currentCall();
  let result = await started;
  while (result.status === "interrupted") {
    const { question, continuation, usage, console } = result;
    try {
      const answer = await (call === undefined ? interrupt(question) : within(call, () => interrupt(question)));
      result = await continuation.resume(answer);
    } catch {
      continuation.cancel();
      return { status: "aborted", usage, console };
    }
  }
  return result;
}

/** Makes one run of the child as part of the parent's call. */
async function perform<T>(
  child: Child,
  start: () => Promise<Result>,
  read: (result: Exclude<Result, { readonly status: "interrupted" }>) => T,
): Promise<T> {
  const drop = (): void => end(child);
  const dropped = currentCall()?.signal();
  dropped?.addEventListener("abort", drop, { once: true });
  child.running++;
  try {
    const result = await settled(start());
    count(child, result.usage);
    return read(result);
  } catch (error) {
    throw refusalOf(error);
  } finally {
    dropped?.removeEventListener("abort", drop);
    child.running--;
    noteEnd(child);
    if (child.isUnused && child.running === 0) end(child);
  }
}

function usageOf({ isVirtual }: Child, { wall, ...usage }: RunUsage): Omit<RunUsage, "wall"> & { wall?: number } {
  return isVirtual ? usage : { ...usage, wall };
}

type Outcome = Awaited<ReturnType<GrantedOf<typeof CHILD>["functions"]["run"]>>;

function whyOf(result: Result): string | undefined {
  if (result.status === "exhausted") return result.resource;
  if (result.status === "trapped") return result.reason;
  return result.status === "refused" ? `${result.by}: ${result.why}` : undefined;
}

function outcomeOf(child: Child, result: Exclude<Result, { readonly status: "interrupted" }>): Outcome {
  const why = whyOf(result);
  return {
    ...{ status: result.status, usage: usageOf(child, result.usage), console: result.console },
    ...(result.status === "returned" ? { value: result.value } : {}),
    ...(result.status === "returned" && result.omitted === true ? { omitted: true } : {}),
    ...(result.status === "threw" ? { error: result.error } : {}),
    ...(why === undefined ? {} : { why }),
  };
}

const place = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

type Checked = Awaited<ReturnType<GrantedOf<typeof CHILD>["functions"]["check"]>>;

function checkedOf(result: Result): Checked {
  if (result.status === "returned") return { ok: true, imports: (result.value as { imports: string[] }).imports };
  if (result.status !== "threw") return { ok: false, imports: [], message: whyOf(result) ?? result.status };
  const { message, line, column } = result.error as Error & { line?: unknown; column?: unknown };
  return { ok: false, imports: [], message, line: place(line), column: place(column) };
}

/** The handle of a child. */
export function childOf(parts: ChildParts): GrantedOf<typeof CHILD> {
  const child: Child = {
    ...{ ...parts, over: Promise.withResolvers<string>(), running: 0, isUnused: false, used: NOTHING_USED },
  };
  const { sandbox, language } = parts;
  const made = capability(CHILD, {
    run: (source, inputs) =>
      perform(
        child,
        () => sandbox.run(source, { language, ...(inputs === undefined ? {} : { inputs: inputs as object as never }) }),
        (result) => outcomeOf(child, result),
      ),
    call: (name, args = []) =>
      perform(
        child,
        () => sandbox.call(name, ...args),
        (result) => outcomeOf(child, result),
      ),
    check: (source) => perform(child, () => sandbox.check(source), checkedOf),
    usage: () => usageOf(child, child.used),
    ended: () => child.over.promise,
    end: () => end(child),
  });
  return whenUnused(made, () => {
    child.isUnused = true;
    if (child.running === 0) end(child);
  });
}
