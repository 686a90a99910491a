// The system that must hold.
import { run } from "../../../embed/node/index.ts";
import { cordonSystem } from "./cordon-system.ts";

export const system = cordonSystem(run);
