// Opening TCP connections.
import type { Address } from "./address.ts";
import { newToll } from "./charges.ts";
import { DEFAULT_TIMEOUT, MAX_TIMEOUT, type SocketGrant } from "./contract.ts";
import { checkLocal, checkWish, held, type LocalOptions, type Net, within } from "./core.ts";
import type { Deadline } from "./deadline.ts";
import { caller } from "./owner.ts";
import type { LocalWish, Stream } from "./place.ts";
import { refuse } from "./refusal.ts";
import { socketOf } from "./socket.ts";

function checkTimeout(alleged: number): number {
  return alleged >= 0 && alleged <= MAX_TIMEOUT ? alleged : refuse("E_TIMEOUT", String(alleged));
}

/** The first of the addresses that answers. */
async function connectAny(
  net: Net,
  addresses: readonly Address[],
  port: number,
  wish: LocalWish,
  deadline: Deadline,
): Promise<Stream> {
  let failure: unknown;
  for (const address of addresses) {
    const to = { address, port };
    const from = checkWish(wish, to, net.grants.listen);
    const { made, cancel } = net.place.connect(to, from);
    try {
      return await deadline.race(made, cancel);
    } catch (error) {
      failure = error;
      if (["E_TIMEOUT", "E_ENDED"].includes((error as { readonly code?: string }).code ?? "")) break;
    }
  }
  throw failure;
}

interface ConnectOptions extends LocalOptions {
  readonly host: string;
  readonly port: number;
  readonly timeout?: number | undefined;
}

/** Call `connect`. */
export async function connect(net: Net, options: ConnectOptions): Promise<SocketGrant> {
  const owner = caller();
  const { charges } = net;
  const wish = checkLocal(options);
  const timeout = checkTimeout(options.timeout ?? DEFAULT_TIMEOUT);
  return await within(net, timeout, owner, async (deadline) => {
    const { addresses, port } = await net.reach.find(options.host, options.port, net.grants.allow, deadline);
    checkWish(wish, { address: addresses[0] as Address, port }, net.grants.listen);
    return await held(net, "outSockets", owner, async (holding) => {
      const toll = newToll(owner.spent, addresses[0]);
      await deadline.race(toll.ready());
      const stream = await connectAny(net, addresses, port, wish, deadline);
      // Filled first: should the account say no, the holding closes the stream.
      holding.fill(() => stream.close());
      toll.pay(charges.connect.send, charges.connect.receive);
      return socketOf({ stream, holding, charges });
    });
  });
}
