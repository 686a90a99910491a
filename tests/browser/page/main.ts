// The page: performs what the test asks for by `perform`, itself or in a Web Worker of its own.
import type { Performance } from "./perform.ts";
import { newPerformer } from "./perform.ts";

const isPlain = new URL(location.href).searchParams.has("plain");
const here = newPerformer(isPlain);

let worker: Worker | undefined;
let asked = 0;
const waiting = new Map<number, (answer: Performance) => void>();

function theWorker(): Worker {
  if (worker !== undefined) return worker;
  worker = new Worker(`/worker.js${location.search}`, { type: "module" });
  worker.onmessage = ({ data: { id, answer } }) => waiting.get(id)?.(answer);
  worker.onerror = ({ message }) => {
    for (const tell of waiting.values()) tell({ failed: `the worker: ${message}` });
  };
  return worker;
}

function there(what: string, input: unknown): Promise<Performance> {
  const id = asked++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    theWorker().postMessage({ id, what, input });
  });
}

const perform = (where: "page" | "worker", what: string, input: unknown): Promise<Performance> =>
  (where === "page" ? here : there)(what, input);

Object.assign(globalThis, { perform });
