// What commands make capabilities with. Only what is named here: the index has the policy language too, and whoever is
// granted a directory need not wait for it.
export {
  args,
  clock,
  consoleTo,
  digest,
  directory,
  directoryPlace,
  env,
  environment,
  http,
  kv,
  modulesFrom,
  network,
  random,
  readOnly,
  sqliteKv,
  terminal,
  timers,
} from "../../../policy-libs/node/index.ts";
