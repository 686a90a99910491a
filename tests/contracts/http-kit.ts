// What the tests of http share: a guest whose requests a function answers, and is seen.
import {
  type VirtualHandler,
  type VirtualHttpOptions,
  type VirtualRequest,
  virtualHttp,
} from "../../policy-libs/http/virtual.ts";
import { type Calls, calls, outcome } from "./net-kit.ts";

/** What was asked since it was last emptied. */
export const seen: VirtualRequest[] = [];

export const hello: VirtualHandler = () => ({ headers: [["X-One", "1"]], body: "hello" });

export function guest(handler: VirtualHandler = hello, options: VirtualHttpOptions = {}): Calls {
  const noting: VirtualHandler = (request) => {
    seen.push(request);
    return handler(request);
  };
  return calls(virtualHttp(noting, options));
}

export const fetch = (http: Calls, request: object): Promise<Record<string, never>> =>
  outcome(() => http["fetch"]!(request));

/** The status, or the code of the refusal. */
export const code = (http: Calls, request: object): Promise<unknown> =>
  outcome(async () => (await http["fetch"]!(request)).status);
