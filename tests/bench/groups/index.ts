// The groups, in the order of the report. Each runs in a process of its own: no group warms or spoils another.
import type { Group } from "../types.ts";
import { abort } from "./abort.ts";
import { calls } from "./calls.ts";
import { capabilities } from "./capabilities.ts";
import { cold } from "./cold.ts";
import { compile } from "./compile.ts";
import { compute } from "./compute.ts";
import { create } from "./create.ts";
import { delay } from "./delay.ts";
import { density } from "./density.ts";
import { depth } from "./depth.ts";
import { fairness } from "./fairness.ts";
import { forks } from "./forks.ts";
import { idle } from "./idle.ts";
import { instructions } from "./instructions.ts";
import { memory } from "./memory.ts";
import { policies } from "./policies.ts";
import { segments } from "./segments.ts";
import { verify } from "./verify.ts";

export const GROUPS: readonly Group[] = [
  create,
  forks,
  calls,
  capabilities,
  policies,
  compute,
  cold,
  verify,
  compile,
  instructions,
  segments,
  depth,
  delay,
  abort,
  fairness,
  memory,
  density,
  idle,
];
