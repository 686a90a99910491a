// The contract of an environment.
import { arg, contract, list, option, string } from "../contract/index.ts";

/** The contract of variables. */
export const ENV = contract({
  name: "env",
  allows: "reading the variables that were granted",
  never: "tells of any other variable of the host, or changes one",
  calls: {
    get: {
      takes: [arg("name", string())],
      gives: option(string()),
      refuses: [],
      about: "the value of a variable, or undefined",
      mode: "sync",
    },
    list: { takes: [], gives: list(string()), refuses: [], about: "the names of all variables", mode: "sync" },
  },
});
