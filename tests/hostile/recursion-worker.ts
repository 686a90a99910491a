// A thread whose stack is as small, or as large, as its starter says.
import { parentPort, workerData } from "node:worker_threads";
import { recurse } from "./recursion.ts";

parentPort?.postMessage(await recurse((workerData as { depth: number }).depth));
