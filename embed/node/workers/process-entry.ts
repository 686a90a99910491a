// What a process of a pool runs: it serves sandboxes over its pipe, and ends with it.
import { Socket } from "node:net";
import { newEngine } from "../../engine.ts";
import { serveFar } from "../../remote/far.ts";
import { nodePowers } from "../assets.ts";
import { pipeChannel } from "./pipe.ts";

const pipe = new Socket({ fd: 3 });
pipe.on("close", () => process.exit(0));
serveFar(newEngine(nodePowers), pipeChannel(pipe, []), () => process.exit(1));
