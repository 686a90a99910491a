// What a thread of a pool runs: it serves sandboxes over the port that it is given.
import type { MessagePort } from "node:worker_threads";
import { newEngine } from "../../engine.ts";
import { serveFar } from "../../remote/far.ts";
import { nodePowers } from "../assets.ts";
import { portChannel } from "./port.ts";

/** tinypool's task: begins to serve. */
export const serve = ({ port }: { readonly port: MessagePort }): void => {
  serveFar(newEngine(nodePowers), portChannel(port), (why) => {
    throw new Error(why);
  });
};

// biome-ignore lint/style/noDefaultExport: tinypool calls it
export default serve;
