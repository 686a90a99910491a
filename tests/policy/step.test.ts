import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import { anyCase, anyPast } from "../kit/policies.ts";
import { performed } from "../kit/traces.ts";
import { drive } from "./driver.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const numRuns = isDeep ? 20_000 : 1_000;
const timeout = isDeep ? 1_200_000 : 120_000;

describe("the compiled step", () => {
  test.prop([anyPast({ length: 16, depth: 3 })], { numRuns })(
    "answers as the reference semantics does, on every prefix of any history",
    ({ policy, history }) => {
      const driver = drive(policy);
      for (const [at, event] of history.entries()) {
        expect(driver.decide(event)).toEqual(decideByHistory(policy, history.slice(0, at), event));
        driver.commit(event);
      }
    },
    timeout,
  );

  test.prop([anyCase({ length: 14 })], { numRuns })(
    "answers as the reference semantics does to whatever a guest brings about",
    ({ policy, trace }) => {
      const { history } = performed(policy, trace);
      const driver = drive(policy);
      for (const [at, event] of history.entries()) {
        expect(driver.decide(event)).toEqual(decideByHistory(policy, history.slice(0, at), event));
        driver.commit(event);
      }
    },
    timeout,
  );
});
