// A thread whose stack is as small, or as large, as its starter says; or in which no stack can be suspended (Node 22).
import { parentPort, workerData } from "node:worker_threads";

const { depth, canSuspend } = workerData as { readonly depth: number; readonly canSuspend: boolean };
if (!canSuspend) for (const name of ["Suspending", "promising"]) Reflect.deleteProperty(WebAssembly, name);
const { createSandbox } = await import("../../embed/node/index.ts"); // the kernel looks once, when it is loaded
const { recurse } = await import("./recursion.ts");
parentPort?.postMessage(await recurse(createSandbox, depth));
