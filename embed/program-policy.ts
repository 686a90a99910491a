// The policy that a WebAssembly program is under: the gate's monitor, checks of instructions in its own code, and a mirror
// of the monitor in the trampoline of calls, which refuses early what the gate would refuse.
//
// Invariants
//   PP1  The mirror changes no decision: its words are written whenever the monitor's state may have changed, before the
//        guest goes on.
import type { Monitor, Monitors } from "../kernel/index.ts";
import { type MirrorRow, type PolicySource, withMirror } from "../policy-libs/index.ts";
import { PROGRAM } from "../stdlib/abi.ts";
import type { Prepared } from "./capability.ts";
import { contractsOf } from "./child-grants.ts";
import { type Asking, type Policed, police, policingOf } from "./policy.ts";
import { type Bounds, type Running, whileAsked } from "./program-running.ts";

/** Every call of a capability looks at all of them. */
const MOST_ROWS = 32;

/** An entry of the kernel's table below this is a refusal. */
const ASK = -1;

/** What one call refuses: in every state, or in some. */
function rowsOf({ table, states }: Monitor, event: number, handle: number, method: number): MirrorRow[] {
  const refused = Array.from({ length: states }, (_, state) => state).filter(
    (state) => (table[event * states + state] as number) < ASK,
  );
  if (refused.length === states) return [{ handle, method, words: [] }];
  return refused.map((value) => ({ handle, method, words: [{ word: 0, mask: states - 1, value }] }));
}

function mirrorRows(monitor: Monitor, grants: readonly Prepared[]): MirrorRow[] {
  return grants.flatMap(({ name, contract }, place) => {
    const events = monitor.eventsOf(contract, name) ?? new Int32Array(0);
    return [...events].flatMap((event, method) =>
      event < 0 ? [] : rowsOf(monitor, event, PROGRAM.FIRST_GRANT + place, method),
    );
  });
}

export interface ProgramPolicy {
  readonly policed: Policed;
  /** What is to be put into the program's own code. */
  readonly monitors: Monitors | undefined;
  /** The program is there. */
  readonly begin: (running: Running) => void;
}

/** Throws CordonError E_POLICY with every mistake of the file. */
export function underPolicy(
  source: PolicySource,
  grants: readonly Prepared[],
  start: number | undefined,
  bounds: Bounds,
  isAudited: boolean,
): ProgramPolicy {
  const policing = policingOf(source, contractsOf(grants), "program", isAudited);
  let running: Running | undefined;
  let first = -1;
  const onChange = (): void => {
    if (first >= 0) running?.domain.setRegister(first, policed.monitor.state[0] as number);
  };
  const asking: Asking = (answering) => whileAsked(running as Running, bounds, answering);
  const policed = police(policing, () => (running as Running).domain, start, { asking, onChange });
  const rows = mirrorRows(policed.monitor, grants);
  const isMirrored = rows.length > 0 && rows.length <= MOST_ROWS;
  const mirrored = isMirrored ? withMirror(policing.instructions, 1, rows) : undefined;
  first = mirrored?.first ?? -1;
  return {
    policed,
    monitors: mirrored?.monitors ?? policing.instructions,
    begin(born) {
      running = born;
      onChange();
    },
  };
}
