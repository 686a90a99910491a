// The lowest domain of a run: it alone holds the capabilities. embed/repy.ts grants them and gives `restrictions`.
import { makeRepy } from "../emulation/index.js";

// biome-ignore lint/style/noDefaultExport: the value of the domain's program
export default {
  repy: await makeRepy({ files, net, clock, timers, random, console: output, usage, life }, restrictions),
};
