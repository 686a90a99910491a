// The domain of one security layer: `text` of `name` over `repy`, whose contract is `below`. It declares what it offers.
import { runLayer } from "../encasement.js";

const { contract, functions } = await runLayer({ table: repy, contract: below, text, name });

// biome-ignore lint/style/noDefaultExport: the value of the domain's program
export default { contracts: { repy: contract }, objects: { repy: functions } };
