// Who is told of the calls of a run: --trace and --audit. Not part of what starts quickly unless it is asked for.
import type { AuditOptions } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import type { AuditLog } from "./audit.ts";
import { grantsFrom, writableDirectories } from "./grants/index.ts";
import type { Tracer } from "./trace.ts";

export interface Listeners {
  readonly tracer: Tracer | undefined;
  /** For the option `audit` of the sandbox. */
  readonly audits: readonly AuditOptions[];
  /** After the guest has ended. */
  close(): Promise<void>;
}

async function openLog(parsed: Parsed, name: string): Promise<AuditLog | undefined> {
  const { auditOf } = await import("./audit.ts");
  return auditOf(parsed, name, writableDirectories(await grantsFrom(parsed)));
}

/** `name`: who runs, in the log. */
export async function openListeners(parsed: Parsed, name: string): Promise<Listeners> {
  const tracer = parsed.has("trace") ? (await import("./trace.ts")).tracerOf(parsed) : undefined;
  const isAudited = ["audit", "audit-values", "audit-max", "audit-at-max"].some(
    (word) => parsed.text(word) !== undefined,
  );
  const log = isAudited ? await openLog(parsed, name) : undefined;
  const audits = [tracer?.audit, log?.options].filter((one) => one !== undefined);
  return { tracer, audits, close: async () => await log?.close() };
}
