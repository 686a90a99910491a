// What the tests of runs, modules and surroundings begin with: a guest of its own, and the error that ends one.
import { engineModule } from "./engine.build.ts";
import { createHost, GuestError, type HostOptions } from "./host.build.ts";

export const fresh = async (options?: HostOptions) => createHost(await engineModule(), options);

/** The fields of the guest's error. Fails if there is none. */
export async function failure(done: Promise<unknown>): Promise<GuestError["fields"]> {
  const value = await done.catch((error: unknown) => {
    if (error instanceof GuestError) return error;
    throw error;
  });
  if (value instanceof GuestError) return value.fields;
  throw new Error(`no error: ${JSON.stringify(value)}`);
}
