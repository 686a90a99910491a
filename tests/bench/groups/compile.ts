// The first call of the worst modules that the verifier accepts: the host compiles a function when it is first called,
// no fuel pays for that, and nothing else happens meanwhile.
import type { Artifact, Domain, Kernel, Outcome } from "../../../kernel/index.ts";
import { instrument } from "../../../stdlib/toolchain/index.ts";
import { assemble } from "../../toolchain/assemble.ts";
import { newKernel } from "../kernels.ts";
import { entryOf, notMeasured, reason, timed } from "../pairs.ts";
import { SHAPES, type Shape } from "../shapes.ts";
import type { Entry, Group, Line } from "../types.ts";

const ROUNDS = 5;
const LARGEST = 60_000;

function load(kernel: Kernel, { build }: Shape, n: number): Outcome<Artifact> {
  const made = instrument(assemble({ functions: build(n), memory: { min: 1 } }), {});
  return made.kind === "refused" ? { kind: "refused", by: "toolchain", why: made.why } : kernel.load(made.bytes);
}

/** The largest n of which the verifier accepts the module, to within a per cent. */
function largest(kernel: Kernel, shape: Shape): number {
  let [good, bad] = [0, LARGEST];
  for (let n = 1; n < LARGEST; n *= 4) {
    if (load(kernel, shape, n).kind !== "returned") {
      bad = n;
      break;
    }
    good = n;
  }
  while (bad - good > Math.max(1, good / 100)) {
    const middle = Math.floor((good + bad) / 2);
    if (load(kernel, shape, middle).kind === "returned") good = middle;
    else bad = middle;
  }
  return good;
}

async function call(domain: Domain): Promise<number> {
  domain.allow({ fuel: 1e12, calls: 1, bytes: 1, deadline: Number.POSITIVE_INFINITY });
  return timed(async () => {
    const outcome = await domain.enter("f", []);
    if (outcome.kind !== "returned") throw new Error(`the call ended as ${JSON.stringify(outcome)}`);
  });
}

function orThrow<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "returned") return outcome.value;
  throw new Error(JSON.stringify(outcome));
}

/** The first call less the second: what is left is compilation. */
async function compilation(kernel: Kernel, shape: Shape, n: number): Promise<number> {
  const artifact = orThrow(load(kernel, shape, n));
  const domain = orThrow(kernel.spawn(artifact, { limits: { pages: 8, inFlight: 1 } }));
  const first = await call(domain);
  const second = await call(domain);
  domain.end();
  return first - second;
}

async function measureShape(kernel: Kernel, shape: Shape): Promise<Entry> {
  try {
    const n = largest(kernel, shape);
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round++) samples.push(await compilation(kernel, shape, n));
    return entryOf("cordon", samples, `n = ${n}`);
  } catch (thrown) {
    return notMeasured("cordon", reason(thrown));
  }
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const kernel = newKernel();
  for (const shape of SHAPES) {
    const entries = [await measureShape(kernel, shape)];
    emit({ id: `compile.${shape.name}`, what: `first call: ${shape.what}`, unit: "ms", entries });
  }
}

export const compile: Group = { name: "compile", what: "compilation of the worst modules", measure };
