// Conditions of rules and patterns as closures.
//
// Invariants
//   C1  Deciding a condition changes nothing, cannot fail, and gives what the reference semantics gives (past.ts).
import { addressesOf, inBlocks } from "../data.ts";
import { F, type Kleene, not, T, U } from "../kleene.ts";
import type { AddressBlock, Datum, RArgument, RCond } from "../resolved.ts";
import { blocksTest } from "./addresses.ts";
import { capAgainst, compareData, compareEnds, compareTest } from "./compare.ts";
import { flagNode, type Since, stampNode } from "./flags.ts";
import { textTest } from "./like.ts";
import { type Builder, slotOf } from "./registers.ts";
import { rememberedNode } from "./sets.ts";
import { interval, reading } from "./terms.ts";
import { D, type Node, type Partly, type Reader, type Test } from "./types.ts";
