// Makes the matchers known to vitest, and to its types. Import it once in a test file.
import { expect } from "vitest";
import { matchers, type OutcomeMatchers } from "./matchers.ts";

declare module "vitest" {
  interface Matchers<T> extends OutcomeMatchers<T> {}
}

expect.extend(matchers);
