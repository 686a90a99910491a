// Threads and processes for pools.
import { availableParallelism } from "node:os";
import type { Hiring } from "../../pool/pool.ts";
import { hireProcess } from "./process.ts";
import { hireThread } from "./thread.ts";

export const hiring: Hiring = {
  parallel: availableParallelism(),
  hire: (isolation) => (isolation === "process" ? hireProcess() : hireThread()),
};
