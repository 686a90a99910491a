// What is told of the calls of a domain: its trace and its audits, made before the domain is, begun once it is there.
import type { CallRecord, Contract, Domain } from "../kernel/index.ts";
import { type Audited, newAudit } from "./audit.ts";
import type { Audit } from "./audit-options.ts";
import { ignoreResult } from "./output.ts";
import { newWatching, type Watching } from "./watch.ts";

export interface Watchers {
  /** For the kernel. */
  readonly onCall: ((record: CallRecord) => void) | undefined;
  /** Undefined if there is no audit. */
  begin(
    domain: Pick<Domain, "id" | "end">,
    grants: readonly Granted[],
    codeOf?: Audited["codeOf"],
  ): Watching | undefined;
}

interface Granted {
  readonly name: string;
  readonly contract: Contract;
}

interface Plan {
  /** Who runs. */
  readonly name: string;
  readonly trace: ((record: CallRecord) => void) | undefined;
  readonly audits: readonly Audit[];
}

/**
 * `nameOf`: the name of the grant under a handle; null for the engine's own, of which nothing is told; undefined for
 * what came by a call, or is no handle at all.
 */
export function newWatchers(
  { name: own, trace, audits }: Plan,
  nameOf: (handle: number) => string | null | undefined,
): Watchers {
  let watching: Watching | undefined;
  const onCall = (record: CallRecord): void => {
    const name = nameOf(record.handle);
    if (name === null) return;
    watching?.observe(record, name);
    if (trace === undefined || record.isLate) return;
    try {
      ignoreResult(trace(record));
    } catch {
      // The embedder's own function, called from inside the kernel: watching must not change what is watched.
    }
  };
  return {
    onCall: trace === undefined && audits.length === 0 ? undefined : onCall,
    begin(domain, given, codeOf) {
      const grants = Object.fromEntries(given.map(({ name, contract }) => [name, contract.name]));
      const audited = { domain: domain.id, name: own, grants, end: domain.end, codeOf };
      watching = newWatching(audits.map((audit) => newAudit(audit, audited)));
      return watching;
    },
  };
}
