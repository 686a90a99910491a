// The network in memory: what a program may count on, exactly, since nothing there depends on a real network.
import { beforeEach, describe, expect, test } from "vitest";
import { SOCKET } from "../../policy-libs/net/contract.ts";
import { virtualNet } from "../../policy-libs/net/virtual.ts";
import { virtualWorld } from "../../policy-libs/net/world.ts";
import { bytes, type Calls, calls, newClock, outcome, readAll, text, turn } from "./net-kit.ts";

let clock = newClock();
let world = virtualWorld({ later: clock.later });
let [a, b]: Calls[] = [];

beforeEach(() => {
  clock = newClock();
  world = virtualWorld({ later: clock.later, buffer: 10_000 });
  a = calls(virtualNet(world, { names: ["a.test"] }));
  b = calls(virtualNet(world, { names: ["b.test", "both.test"] }));
});

async function pair(): Promise<readonly [Calls, Calls, Calls]> {
  const listener = calls(await b!["listen"]!({ address: "10.0.0.2", port: 80 }));
  const client = calls(await a!["connect"]!({ host: "b.test", port: 80 }));
  const { socket } = await listener["accept"]!();
  return [client, calls(socket), listener];
}

describe("a virtual connection", () => {
  test("carries bytes both ways, and says who is at both ends", async () => {
    const [client, server] = await pair();
    await client["write"]!(bytes("hello"));
    expect(text(await server["read"]!(100))).toBe("hello");
    await server["write"]!(bytes("world"));
    expect(text(await client["read"]!(2))).toBe("wo");
    expect(text(await client["read"]!(2))).toBe("rl");
    expect(client["info"]!()).toEqual({
      ...{ localAddress: "10.0.0.1", localPort: 49_152 },
      ...{ remoteAddress: "10.0.0.2", remotePort: 80 },
    });
    expect(server["info"]!()).toEqual({
      ...{ localAddress: "10.0.0.2", localPort: 80 },
      ...{ remoteAddress: "10.0.0.1", remotePort: 49_152 },
    });
  });

  test("delivers what was sent before the close first, then the end, again and again", async () => {
    const [client, server] = await pair();
    await client["write"]!(bytes("last words"));
    expect(client["close"]!()).toBe(true);
    expect(text(await server["read"]!(4))).toBe("last");
    expect(text(server["tryRead"]!(100))).toBe(" words");
    expect(await server["read"]!(100)).toEqual(new Uint8Array(0));
    expect(server["tryRead"]!(100)).toEqual(new Uint8Array(0));
  });

  test("closes half: the other half still works", async () => {
    const [client, server] = await pair();
    await client["write"]!(bytes("question"));
    await client["closeWrite"]!();
    expect(await outcome(() => client["write"]!(bytes("more")))).toBe("E_CLOSED");
    expect(await outcome(() => client["tryWrite"]!(bytes("more")))).toBe("E_CLOSED");
    expect(text(await readAll(server))).toBe("question");
    await server["write"]!(bytes("answer"));
    server["close"]!();
    expect(text(await readAll(client))).toBe("answer");
    await client["closeWrite"]!();
  });

  test("tells one's own close from the peer's, and the first close from the second", async () => {
    const [client, server] = await pair();
    expect([client["close"]!(), client["close"]!(), client["close"]!()]).toEqual([true, false, false]);
    for (const call of ["read", "tryRead"]) expect(await outcome(() => client[call]!(10))).toBe("E_CLOSED");
    for (const call of ["write", "tryWrite"]) {
      expect(await outcome(() => client[call]!(bytes("hi")))).toBe("E_CLOSED");
      expect(await outcome(() => server[call]!(bytes("hi")))).toBe("E_CLOSED_REMOTE");
    }
    expect(await outcome(() => client["closeWrite"]!())).toBe("E_CLOSED");
    expect([server["close"]!(), server["close"]!()]).toEqual([true, false]);
  });

  test("wakes who waits: a reader by bytes, by the end and by its own close; a writer by room", async () => {
    const [client, server] = await pair();
    const first = server["read"]!(10);
    const second = outcome(() => server["read"]!(10));
    await client["write"]!(bytes("1"));
    expect(text(await first)).toBe("1");
    server["close"]!();
    expect(await second).toBe("E_CLOSED");

    const other = calls(await a!["connect"]!({ host: "b.test", port: 80 }));
    const writing = outcome(() => other["write"]!(new Uint8Array(10_001)));
    let isDone = false;
    void writing.then(() => (isDone = true));
    await turn();
    expect(isDone).toBe(false);
    other["close"]!();
    expect(await writing).toBe("E_CLOSED");
  });

  test("reading never blocks where it says so", async () => {
    const listener = calls(await b!["listen"]!({ address: "10.0.0.2", port: 80 }));
    expect(listener["tryAccept"]!()).toBeNull();
    const client = calls(await a!["connect"]!({ host: "10.0.0.2", port: 80 }));
    expect(client["tryRead"]!(10)).toBeNull();
    const server = calls(listener["tryAccept"]!().socket);
    expect(client["tryRead"]!(10)).toBeNull();
    expect(server["tryRead"]!(10)).toBeNull();
  });

  test("accepts exactly what its buffer holds, counts it exactly, and takes more after reading", async () => {
    const [client, server] = await pair();
    const data = new Uint8Array(1 << 20).map((_, at) => at % 251);
    const sent = client["tryWrite"]!(data);
    expect(sent).toBe(10_000);
    expect(client["tryWrite"]!(data)).toBe(0);
    expect(server["tryRead"]!(1 << 20)).toEqual(data.subarray(0, 10_000));
    expect(server["tryRead"]!(1)).toBeNull();
    expect(client["tryWrite"]!(data.subarray(10_000, 10_007))).toBe(7);
    expect(await server["read"]!(100)).toEqual(data.subarray(10_000, 10_007));
  });

  test("carries a megabyte through ten thousand bytes of buffer, in order", async () => {
    const [client, server] = await pair();
    const data = new Uint8Array(1 << 20).map((_, at) => (at * 31) % 253);
    const sending = client["write"]!(data).then(() => client["closeWrite"]!());
    expect(Buffer.compare(await readAll(server, 777), data)).toBe(0);
    await sending;
  });

  test("keeps two writes apart, and nothing squeezes in between", async () => {
    const [client, server] = await pair();
    const writes = [client["write"]!(new Uint8Array(15_000).fill(1)), client["write"]!(new Uint8Array(15_000).fill(2))];
    await turn();
    expect(client["tryWrite"]!(bytes("x"))).toBe(0);
    const closing = client["closeWrite"]!();
    const all = await readAll(server);
    expect(all.indexOf(2)).toBe(15_000);
    expect(all.lastIndexOf(1)).toBe(14_999);
    expect(all.length).toBe(30_000);
    await Promise.all([...writes, closing]);
  });

  test("lets at most 64 calls wait at one side", async () => {
    const [client, server] = await pair();
    const reads = Array.from({ length: 65 }, () => outcome(() => client["read"]!(1)));
    expect(await reads[64]).toBe("E_BUSY");
    await server["write"]!(new Uint8Array(64));
    expect(await Promise.all(reads.slice(0, 64))).toEqual(new Array(64).fill(new Uint8Array(1)));
  });

  test("is not harmed by sizes that are none", async () => {
    const [client] = await pair();
    for (const most of [0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect(await outcome(() => client["tryRead"]!(most))).toBe("E_TOO_LARGE");
      expect(await outcome(() => client["read"]!(most))).toBe("E_TOO_LARGE");
    }
    expect(await outcome(() => client["tryWrite"]!(new Uint8Array((1 << 20) + 1)))).toBe("E_TOO_LARGE");
  });
});

describe("opening a virtual connection", () => {
  const connect = (to: object): Promise<unknown> => outcome(() => a!["connect"]!(to));

  test("names each mistake by its own error", async () => {
    await b!["listen"]!({ address: "10.0.0.2", port: 80 });
    expect(await connect({ host: "nobody.test", port: 80 })).toBe("E_NAME");
    expect(await connect({ host: "10.0.0.2", port: 81 })).toBe("E_REFUSED");
    expect(await connect({ host: "10.9.9.9", port: 80 })).toBe("E_UNREACHABLE");
    expect(await connect({ host: "2001:db8::1", port: 80 })).toBe("E_UNREACHABLE");
    for (const host of ["10.0.0.02", "10.2", "0xa.0.0.2", "", "a b", "[::1]"]) {
      expect(await connect({ host, port: 80 })).toBe("E_ADDRESS");
    }
    for (const port of [0, -1, 65_536, 1.5, Number.NaN])
      expect(await connect({ host: "10.0.0.2", port })).toBe("E_ADDRESS");
    const to = { host: "10.0.0.2", port: 80 };
    expect(await connect({ ...to, localPort: 65_536 })).toBe("E_ADDRESS");
    expect(await connect({ ...to, localAddress: "010.0.0.1" })).toBe("E_ADDRESS");
    expect(await connect({ ...to, localAddress: "::1" })).toBe("E_ADDRESS");
    expect(await connect({ ...to, localAddress: "1.2.3.4", localPort: 5 })).toBe("E_BIND");
    expect(await connect({ ...to, host: "127.0.0.1" })).toBe("E_REFUSED");
    expect(await connect({ host: "10.0.0.1", port: 5, localAddress: "10.0.0.1", localPort: 5 })).toBe("E_ADDRESS");
  });

  test("says what is wrong at this end before the other end is asked", async () => {
    const at = { address: "10.0.0.1", port: 7000 };
    await a!["listen"]!(at);
    const from = { localAddress: at.address, localPort: at.port };
    expect(await connect({ host: "10.0.0.2", port: 9, ...from })).toBe("E_IN_USE");
    expect(await outcome(() => a!["listen"]!(at))).toBe("E_IN_USE");
    expect(await outcome(() => a!["listen"]!({ address: "0.0.0.0", port: 7000 }))).toBe("E_IN_USE");
    expect(await outcome(() => a!["listen"]!({ address: "72.123.45.62", port: 7000 }))).toBe("E_BIND");
  });

  test("knows two connections between the same pairs, and one port towards two others", async () => {
    await b!["listen"]!({ address: "10.0.0.2", port: 80 });
    await b!["listen"]!({ address: "10.0.0.2", port: 81 });
    const from = { host: "10.0.0.2", localAddress: "10.0.0.1", localPort: 7000 };
    const first = calls(await a!["connect"]!({ ...from, port: 80 }));
    expect(await connect({ ...from, port: 80 })).toBe("E_DUPLICATE");
    expect(await connect({ ...from, port: 81 })).toHaveProperty("contract", SOCKET);
    first["close"]!();
    expect(await connect({ ...from, port: 80 })).toHaveProperty("contract", SOCKET);
  });

  test("waits for a host that never answers as long as its timeout says, to the millisecond", async () => {
    virtualNet(world, { names: ["silent.test"], silent: true });
    let ended: unknown;
    void connect({ host: "silent.test", port: 80, timeout: 1000 }).then((code) => (ended = code));
    await clock.pass(999);
    expect(ended).toBeUndefined();
    await clock.pass(1);
    expect(ended).toBe("E_TIMEOUT");
    expect(clock.waiting()).toBe(0);
    // The local port that was taken for it is free again, for this very pair too.
    void connect({ host: "silent.test", port: 80, localPort: 49_152, timeout: 5 }).then((code) => (ended = code));
    ended = undefined;
    await clock.pass(5);
    expect(ended).toBe("E_TIMEOUT");
  });

  test("goes on to a name's next address when the first refuses", async () => {
    virtualNet(world, { addresses: ["10.1.1.1"], names: ["many.test"] });
    const other = calls(virtualNet(world, { addresses: ["10.1.1.2"], names: ["many.test"] }));
    await other["listen"]!({ address: "10.1.1.2", port: 80 });
    const socket = calls(await a!["connect"]!({ host: "many.test", port: 80 }));
    expect(socket["info"]!().remoteAddress).toBe("10.1.1.2");
  });

  test("has a limit for all that is open, and gives back what is closed", async () => {
    const few = calls(virtualNet(world, { maxSockets: 3 }));
    const listener = calls(await few["listen"]!({ address: "127.0.0.1", port: 80 }));
    const one = await few["connect"]!({ host: "127.0.0.1", port: 80 });
    await few["bind"]!({ address: "127.0.0.1", port: 80 });
    expect(await outcome(() => few["connect"]!({ host: "127.0.0.1", port: 80 }))).toBe("E_MOST_OPEN");
    expect(await outcome(() => listener["tryAccept"]!())).toBe("E_MOST_OPEN");
    expect(await outcome(() => few["listen"]!({ port: 81 }))).toBe("E_MOST_OPEN");
    calls(one)["close"]!();
    expect(listener["tryAccept"]!()).toHaveProperty("socket.contract", SOCKET);
    expect(await outcome(() => few["connect"]!({ host: "127.0.0.1", port: 99 }))).toBe("E_MOST_OPEN");
  });
});
