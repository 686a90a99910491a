// How a layer begins: its program runs once and gives what it offers, under contracts that were given or that it declares.
import { type Answer, type CallContract, type Contract, chargeAccount, FUEL, type Shape } from "../kernel/index.ts";
import type { Granted } from "../policy-libs/index.ts";
import { permissive } from "../policy-libs/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import type { Born } from "./birth.ts";
import { costOf, readDeclared } from "./declared.ts";
import { now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { facadeOf } from "./power.ts";
import { asError, endingText } from "./result.ts";
import { nothingSpent, rest, type Spent, spend } from "./spent.ts";
import { untilRest } from "./until-rest.ts";
import { decodeParcel, decodeValue, encodeValue } from "./values.ts";

/** The kernel counts system calls too. */
export const SYSTEM_CALLS = 1e12;

const handleTo = (contract: Contract): Shape => ({ kind: "handle", contract: () => contract });

const textOf = (name: string): Uint8Array => encodeValue(name).slice();

/** What the answer to RUN, or to OFFER, must be: { value: { name: handle, ... } }. */
function answerOf(contracts: ReadonlyMap<string, Contract>): CallContract {
  const fields = [...contracts].map(([name, contract]) => ({
    ...{ key: textOf(name), shape: handleTo(contract), optional: false },
  }));
  const value: Shape = { kind: "record", fields };
  const gives: Shape = { kind: "record", fields: [{ key: textOf("value"), shape: value, optional: false }] };
  return { ...(permissive("layer", ["run"]).calls[0] as CallContract), gives };
}

type Ask = (method: number, message: Uint8Array, gives?: CallContract) => Promise<Answer>;

/** Its beginning: any number of requests under the limits of one. */
export async function start<T>(born: Born, work: (ask: Ask) => Promise<T>): Promise<T> {
  const { domain, limits, output, clock, meter } = born;
  output.start(limits.output);
  clock.resume();
  meter.most = Infinity;
  const spent = nothingSpent();
  const timer = setTimeout(() => domain.end({ kind: "exhausted", resource: "wall" }), limits.wall + 1);
  try {
    return await work(async (method, message, gives) => {
      const { fuel, bytes, wall } = rest(limits, spent);
      domain.allow({ fuel, bytes, calls: SYSTEM_CALLS, deadline: now() + wall });
      const answer = await domain.request(method, message, gives);
      if (gives === undefined) await untilRest(domain);
      spend(spent, domain.usage());
      if (gives === undefined) charge(born, answer, spent);
      return answer;
    });
  } finally {
    clearTimeout(timer);
  }
}

/** What the host is going to do for it: reading the contracts that it declares. Who cannot pay ends. */
function charge({ domain, account, limits }: Born, answer: Answer, spent: Spent): void {
  if (answer.kind === "ended" || !answer.ok) return;
  const cost = costOf(answer.bytes);
  spent.fuel += cost;
  const isPaid = spent.fuel <= limits.fuel && chargeAccount(account.account, FUEL, cost);
  if (!isPaid) domain.end({ kind: "exhausted", resource: "fuel" });
}

export function refuse(name: string, why: string): never {
  throw new CordonError("E_LAYER", `layer ${name}: ${why}`);
}

/** What the program threw, or how it ended, is told to whoever started it. */
function answered(name: string, answer: Answer, mismatch: string): Answer & { readonly kind: "answered" } {
  if (answer.kind === "ended") {
    const { ending } = answer;
    return refuse(name, ending.kind === "refused" && ending.by === "contract" ? mismatch : endingText(ending));
  }
  if (!answer.ok) return refuse(name, `its program threw: ${asError(decodeValue(answer.bytes)).message}`);
  return answer;
}

function grantsOf(name: string, answer: Answer, contracts: ReadonlyMap<string, Contract>): Record<string, Granted> {
  const { bytes, capabilities } = answered(name, answer, MISMATCH(contracts));
  const { value } = decodeParcel(bytes, bytes.length, capabilities, facadeOf) as { value: Record<string, Granted> };
  return { ...value };
}

/** What the program gives, under the contracts that were given or that it declares. */
export async function offered(
  born: Born,
  name: string,
  message: Uint8Array,
  contracts: Map<string, Contract> | undefined,
  ask: Ask,
): Promise<Record<string, Granted>> {
  if (contracts !== undefined) return grantsOf(name, await ask(ENGINE.RUN, message, answerOf(contracts)), contracts);
  const { bytes } = answered(name, await ask(ENGINE.RUN, message), "");
  const ending = born.domain.ending();
  if (ending !== undefined) return refuse(name, endingText(ending));
  const declared = readDeclared(bytes, (why) => refuse(name, why));
  return grantsOf(name, await ask(ENGINE.OFFER, NOTHING, answerOf(declared)), declared);
}

const NOTHING = encodeValue(undefined).slice();

const MISMATCH = (contracts: ReadonlyMap<string, Contract>): string =>
  `its program must give an object with ${[...contracts.keys()].join(", ")} and nothing else: each an object with the calls of its contract, or what was granted under that contract`;
