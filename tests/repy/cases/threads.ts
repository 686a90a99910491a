import { expect } from "vitest";
import { ARGUMENT, type Case } from "./case.ts";

const LIMITS = "connport cpu diskused events fileread filesopened filewrite insockets lograte loopsend looprecv memory";

export const THREAD_CASES: readonly Case[] = [
  { name: "B24 A thread starts, is counted, and is uncounted", lines: [ARGUMENT, "true 1 0"] },
  {
    name: "B25 Threads beyond the limit are refused",
    profile: "FIXED",
    lines: ["true ResourceExhaustedError", "10"],
  },
  { name: "B26 Thread names are never reused", profile: "FIXED", lines: ["28 true"] },
  { name: "B27 A blocking acquire waits for the release", lines: ["true true true"] },
  { name: "B28 A non-blocking acquire returns at once", lines: ["true false 0", ARGUMENT] },
  {
    name: "B29 Releasing a free lock is an error",
    lines: ["LockDoubleReleaseError", "LockDoubleReleaseError"],
  },
  { name: "B30 exitall from a second thread stops the main thread", lines: [], cause: { kind: "exited" } },
  { name: "B31 exitall from the main thread stops a sleeping thread", lines: [], cause: { kind: "exited" } },
  { name: "B32 Sleep is never short", lines: [`${ARGUMENT} ${ARGUMENT} ${ARGUMENT}`, "true true"] },
  { name: "B33 The run time can be read and does not go back", lines: ["true true"] },
  { name: "B34 Random bytes look random", lines: ["4096 true true"] },
  { name: "B35 Randomness is throttled, not refused", profile: "FIXED", lines: ["true true"] },
  {
    name: "B36 The limits shown are exactly the limits given",
    profile: "FIXED",
    lines: [
      `17 ${`${LIMITS} messport netrecv netsend outsockets random`.split(" ").sort().join(" ")}`,
      "connport set 12345",
      "cpu 0.1",
      "diskused 100000000",
      "events 10",
      "fileread 100000",
      "filesopened 5",
      "filewrite 100000",
      "insockets 5",
      "lograte 30000",
      "looprecv 1000000",
      "loopsend 1000000",
      "memory 15000000",
      "messport set 12345",
      "netrecv 10000",
      "netsend 10000",
      "outsockets 5",
      "random 10000",
    ],
  },
  {
    name: "B37 Changing the returned limits grants nothing",
    lines: ["ResourceForbiddenError", "false 1000"],
  },
  {
    name: "B38 The counters at the start are sane",
    profile: "FIXED",
    lines: ["true true", "true 1", "true 14"],
  },
  { name: "B39 Usage drains by time at the next charge", profile: "FIXED", lines: ["true true 2000"] },
  {
    name: "B40 Burning processor time is throttled and recorded",
    profile: "FIXED",
    lines: ["true true", "true true true", "true true"],
  },
  {
    name: "B41 The last error can be read in its handler and is then gone",
    nearest:
      "JavaScript does not tell a function that it is called inside a handler, so the handler passes what it caught: getlasterror(error). Without it there is no error, as outside of handlers.",
    lines: ["undefined", "true", "true true true true", "false", "undefined"],
  },
];

/** B35 by section 3.3, exactly: 20,480 bytes at 10,000 a second, one second's worth free. */
export const checkExactTimes = (seconds: number): void => {
  expect(seconds).toBeCloseTo(1.048, 6);
};
