// Answers from a recording, and from nothing else: the same calls in the same order get the same answers.
//
// Invariants
//   Y1  A call that is not the next one in the recording is refused, E_DENIED, and so is every call after it: what a
//       program does with wrong answers is not what was recorded.
//   Y2  Answers come in the order in which they came: of two pending calls the same one ends first.
//   Y3  Nothing is called: a replay has no powers.
// A recording is data of anybody: what is wrong in it refuses calls, or throws a TypeError here.
import { type Contract, contractFrom, type ContractData, type Type } from "../contract/index.ts";
import { capability, type Granted, type HostFunction } from "../capability.ts";
import { isEqual } from "./equal.ts";
import { errorFrom, keep, type RecordedCall, type RecordedEnd, type Recording, restore } from "./recording.ts";
import { refusal } from "./refusal.ts";
