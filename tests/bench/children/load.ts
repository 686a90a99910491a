// The kernel's first load of the engine artifact in this process, as the built product would do it.
import { engineBytes, newKernel } from "../kernels.ts";
import { watch } from "./watch.ts";

const times = watch();
const bytes = engineBytes();
const kernel = newKernel();
const start = performance.now();
const { kind } = kernel.load(bytes);
const load = performance.now() - start;
if (kind !== "returned") throw new Error(`the engine was refused: ${kind}`);
console.log(JSON.stringify({ load, compile: times.compile }));
