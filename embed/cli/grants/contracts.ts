// The contract of each kind of grant: what is known of a grant without making it.
import {
  type AnyContract,
  ARGS,
  CLOCK,
  CONSOLE,
  DIGEST,
  ENV,
  FILES,
  HTTP,
  KV,
  NET,
  RANDOM,
  TERMINAL,
  TIMERS,
} from "../../../policy-libs/index.ts";
import type { KindName } from "./kinds.ts";

export const CONTRACTS: Readonly<Record<KindName, AnyContract>> = {
  ...{ files: FILES, net: NET, http: HTTP, kv: KV, env: ENV, args: ARGS, clock: CLOCK, timers: TIMERS },
  ...{ random: RANDOM, console: CONSOLE, digest: DIGEST, terminal: TERMINAL },
};
