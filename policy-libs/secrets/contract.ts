// The contract of secrets.
import { arg, contract, list, string } from "../contract/index.ts";

/** The contract of secrets, as a guest sees them. */
export const SECRETS = contract({
  name: "secrets",
  allows: "using secrets by placeholders that are replaced where the guest's words leave, for the hosts of each",
  never: "tells a secret's value",
  calls: {
    names: { takes: [], gives: list(string()), refuses: [], about: "the names of the secrets", mode: "sync" },
    use: {
      takes: [arg("name", string())],
      gives: string(),
      refuses: ["E_NOT_GRANTED"],
      about: "the text to send in place of the secret",
      mode: "sync",
    },
  },
});
