// A domain that a guest in a worker made, in the same worker: as much of a sandbox as its parent can use.
import type { Plan } from "../birth.ts";
import type { ChildSandbox } from "../child.ts";
import { CordonError } from "../errors.ts";
import { type Job, planCall, planCheck, planRun } from "../job.ts";
import type { Making } from "../pool/place.ts";
import type { Result } from "../result.ts";

export function childSandbox(making: Making, { limits, grants }: Plan): ChildSandbox {
  const granted = grants.map(({ name }) => name);
  let isDisposed = false;
  const perform = async (job: Job | Result<never>): Promise<Result<never>> => {
    if (isDisposed) throw new CordonError("E_DISPOSED", "the sandbox was disposed: make a new one");
    return ("status" in job ? job : await making.perform(job, () => undefined)) as Result<never>;
  };
  return {
    run: (source, options = {}) => perform(planRun(limits, granted, source, options)),
    call: (name, ...args) => perform(planCall(limits, name, args)),
    check: (source, options = {}) => perform(planCheck(limits, source, options)),
    ended: making.ended,
    dispose() {
      isDisposed = true;
      making.dispose();
    },
  };
}
