// The network in memory: listeners, datagrams, latency, and what a narrowed one grants.
import { beforeEach, describe, expect, test } from "vitest";
import { LISTENER, SOCKET } from "../../policy-libs/net/contract.ts";
import { virtualNet } from "../../policy-libs/net/virtual.ts";
import { virtualWorld } from "../../policy-libs/net/world.ts";
import { bytes, type Calls, calls, newClock, outcome, text } from "./net-kit.ts";

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

describe("a virtual listener", () => {
  test("gives connections in order, with the address they come from", async () => {
    const listener = calls(await b!["listen"]!({ address: "10.0.0.2", port: 80 }));
    expect(listener["info"]!()).toEqual({ address: "10.0.0.2", port: 80 });
    const waiting = listener["accept"]!();
    await a!["connect"]!({ host: "b.test", port: 80, localPort: 5001 });
    await a!["connect"]!({ host: "b.test", port: 80, localPort: 5002 });
    expect(await waiting).toMatchObject({ address: "10.0.0.1", port: 5001 });
    expect(listener["tryAccept"]!()).toMatchObject({ address: "10.0.0.1", port: 5002 });
  });

  test("can be closed, while somebody waits too, and opened again", async () => {
    for (let round = 0; round < 3; round++) {
      const [client, server, listener] = await pair();
      const waiting = outcome(() => listener["accept"]!());
      expect([listener["close"]!(), listener["close"]!()]).toEqual([true, false]);
      expect(await waiting).toBe("E_CLOSED");
      expect(await outcome(() => listener["tryAccept"]!())).toBe("E_CLOSED");
      // What was accepted lives on.
      await client["write"]!(bytes("still"));
      expect(text(await server["read"]!(10))).toBe("still");
    }
  });

  test("that closes resets what nobody accepted", async () => {
    const listener = calls(await b!["listen"]!({ address: "10.0.0.2", port: 80 }));
    const client = calls(await a!["connect"]!({ host: "b.test", port: 80 }));
    listener["close"]!();
    expect(await outcome(() => client["read"]!(1))).toBe("E_CLOSED_REMOTE");
    expect(await outcome(() => client["write"]!(bytes("x")))).toBe("E_CLOSED_REMOTE");
  });

  test("lets a bounded number wait", async () => {
    await b!["listen"]!({ address: "10.0.0.2", port: 80 });
    const codes = [];
    for (let count = 0; count < 66; count++)
      codes.push(await outcome(() => a!["connect"]!({ host: "b.test", port: 80 })));
    expect(codes.filter((code) => code === "E_REFUSED")).toHaveLength(2);
  });

  test("of port 0 takes a free one; of no address listens on the loopback, which is each host's own", async () => {
    const listener = calls(await b!["listen"]!({ port: 0 }));
    const { address, port } = listener["info"]!();
    expect(address).toBe("127.0.0.1");
    expect(await outcome(() => a!["connect"]!({ host: "127.0.0.1", port }))).toBe("E_REFUSED");
    expect(await outcome(() => b!["connect"]!({ host: "localhost", port }))).toHaveProperty("contract", SOCKET);
  });

  test("has ports of its own beside datagrams", async () => {
    const at = { address: "10.0.0.2", port: 80 };
    await b!["bind"]!(at);
    expect(await outcome(() => b!["listen"]!(at))).toHaveProperty("contract", LISTENER);
    expect(await outcome(() => b!["bind"]!(at))).toBe("E_IN_USE");
  });
});

describe("virtual datagrams", () => {
  test("arrive whole, in order, with the address they come from", async () => {
    const box = calls(await b!["bind"]!({ address: "10.0.0.2", port: 53 }));
    expect(box["tryReceive"]!()).toBeNull();
    const waiting = box["receive"]!();
    expect(
      await a!["send"]!({ host: "b.test", port: 53, bytes: bytes("one"), localAddress: "10.0.0.1", localPort: 9 }),
    ).toBe(3);
    expect(await waiting).toEqual({ bytes: bytes("one"), address: "10.0.0.1", port: 9 });
    const own = calls(await a!["bind"]!({ address: "10.0.0.1", port: 9 }));
    expect(await own["send"]!(bytes("two"), "10.0.0.2", 53)).toBe(3);
    // The port is the program's own: it is borrowed.
    expect(
      await a!["send"]!({ host: "b.test", port: 53, bytes: bytes("three"), localAddress: "10.0.0.1", localPort: 9 }),
    ).toBe(5);
    expect(text(box["tryReceive"]!().bytes)).toBe("two");
    expect(text((await box["receive"]!()).bytes)).toBe("three");
    expect([box["close"]!(), box["close"]!()]).toEqual([true, false]);
    expect(await outcome(() => box["receive"]!())).toBe("E_CLOSED");
    expect(await outcome(() => box["send"]!(bytes("x"), "10.0.0.1", 9))).toBe("E_CLOSED");
  });

  test("have a largest size", async () => {
    await b!["bind"]!({ address: "10.0.0.2", port: 53 });
    const send = (length: number) =>
      outcome(() => a!["send"]!({ host: "b.test", port: 53, bytes: new Uint8Array(length) }));
    for (const length of [0, 1000, 1600, 9216]) expect(await send(length)).toBe(length);
    for (const length of [9217, 10_000, 65_507, 65_508, 100_000]) expect(await send(length)).toBe("E_TOO_LARGE");
  });

  test("are lost where nobody waits, and where too many wait", async () => {
    expect(await a!["send"]!({ host: "b.test", port: 54, bytes: bytes("x") })).toBe(1);
    expect(await outcome(() => a!["send"]!({ host: "10.9.9.9", port: 54, bytes: bytes("x") }))).toBe("E_UNREACHABLE");
    const box = calls(await b!["bind"]!({ address: "10.0.0.2", port: 53 }));
    for (let count = 0; count < 70; count++)
      await a!["send"]!({ host: "b.test", port: 53, bytes: Uint8Array.of(count) });
    const received = [];
    for (let letter = box["tryReceive"]!(); letter !== null; letter = box["tryReceive"]!())
      received.push(letter.bytes[0]);
    expect(received).toEqual(Array.from({ length: 64 }, (_, at) => at));
  });

  test("leave nothing open behind", async () => {
    const few = calls(virtualNet(world, { maxSockets: 1 }));
    for (let count = 0; count < 100; count++) await few["send"]!({ host: "b.test", port: 53, bytes: bytes("x") });
    expect(await outcome(() => few["listen"]!({ port: 80 }))).toHaveProperty("contract", LISTENER);
  });
});

describe("a virtual network with latency", () => {
  test("delivers everything so much later: connections, bytes, ends", async () => {
    const slow = virtualWorld({ later: clock.later, latency: 50, buffer: 100 });
    const [c, s] = [calls(virtualNet(slow)), calls(virtualNet(slow, { names: ["s.test"] }))];
    const listener = calls(await s["listen"]!({ address: "10.0.0.2", port: 80 }));
    let socket: Calls | undefined;
    void c["connect"]!({ host: "s.test", port: 80 }).then((made: unknown) => (socket = calls(made)));
    await clock.pass(49);
    expect(socket).toBeUndefined();
    await clock.pass(1);
    const server = calls(listener["tryAccept"]!().socket);
    expect(socket!["tryWrite"]!(new Uint8Array(200))).toBe(100);
    await socket!["closeWrite"]!();
    expect(server["tryRead"]!(100)).toBeNull();
    await clock.pass(50);
    expect(server["tryRead"]!(200)).toHaveLength(100);
    expect(server["tryRead"]!(200)).toHaveLength(0);
  });

  test("lets a timeout be shorter than the way", async () => {
    const slow = virtualWorld({ later: clock.later, latency: 50 });
    const [c, s] = [calls(virtualNet(slow)), calls(virtualNet(slow, { names: ["s.test"] }))];
    const listener = calls(await s["listen"]!({ address: "10.0.0.2", port: 80 }));
    const code = outcome(() => c["connect"]!({ host: "s.test", port: 80, timeout: 10 }));
    await clock.pass(100);
    expect(await code).toBe("E_TIMEOUT");
    expect(listener["tryAccept"]!()).toBeNull();
  });
});

describe("a narrowed virtual network", () => {
  const OPTIONS = {
    allow: ["b.test:80", "10.0.0.2:80"],
    listen: ["127.0.0.1:0", "127.0.0.1:12345", "10.0.0.3:12345"],
    udp: ["10.0.0.2:53"],
    bind: ["10.0.0.3:12345"],
  };
  let narrow: Calls;
  const code = (call: string, ...args: unknown[]): Promise<unknown> => outcome(() => narrow[call]!(...args));

  beforeEach(async () => {
    narrow = calls(virtualNet(world, OPTIONS));
    await b!["listen"]!({ address: "10.0.0.2", port: 80 });
    await b!["bind"]!({ address: "10.0.0.2", port: 53 });
  });

  test("reaches what was granted and nothing else", async () => {
    expect(await code("connect", { host: "b.test", port: 80 })).toHaveProperty("contract", SOCKET);
    expect(
      await code("connect", { host: "10.0.0.2", port: 80, localAddress: "10.0.0.3", localPort: 12_345 }),
    ).toHaveProperty("contract", SOCKET);
    for (const to of [
      ...[
        { host: "10.0.0.2", port: 81 },
        { host: "both.test", port: 80 },
        { host: "10.0.0.1", port: 80 },
      ],
      ...[
        { host: "localhost", port: 80 },
        { host: "10.0.0.2", port: 80, localPort: 12_346 },
      ],
      { host: "10.0.0.2", port: 80, localAddress: "10.0.0.3", localPort: 34_232 },
    ]) {
      expect(await code("connect", to)).toBe("E_NOT_GRANTED");
    }
  });

  test("listens and sends where granted, on TCP and UDP apart", async () => {
    for (const port of [2345, 80, 22, 1000]) expect(await code("listen", { port })).toBe("E_NOT_GRANTED");
    expect(await code("listen", { port: 0 })).toHaveProperty("contract", LISTENER);
    expect(await code("listen", { address: "0.0.0.0", port: 12_345 })).toBe("E_NOT_GRANTED");
    expect(await code("bind", { port: 12_345 })).toBe("E_NOT_GRANTED");
    expect(await code("send", { host: "10.0.0.2", port: 53, bytes: bytes("x") })).toBe(1);
    expect(await code("send", { host: "10.0.0.2", port: 80, bytes: bytes("x") })).toBe("E_NOT_GRANTED");
    expect(await code("send", { host: "10.0.0.2", port: 53, bytes: bytes("x"), localPort: 7 })).toBe("E_NOT_GRANTED");
    const box = calls(await narrow["bind"]!({ address: "10.0.0.3", port: 12_345 }));
    expect(await outcome(() => box["send"]!(bytes("x"), "10.0.0.1", 53))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => box["send"]!(bytes("x"), "10.0.0.2", 53))).toBe(1);
  });

  test("resolves granted names only, and tells only addresses it may take", async () => {
    expect(await code("resolve", "b.test")).toEqual(["10.0.0.2"]);
    expect(await code("resolve", "a.test")).toBe("E_NOT_GRANTED");
    expect(await code("resolve", "127.1")).toBe("E_ADDRESS");
    expect(await code("resolve", "::1")).toEqual(["::1"]);
    expect(await code("addresses")).toEqual(["10.0.0.3", "127.0.0.1"]);
    expect(await outcome(() => a!["addresses"]!())).toEqual(["10.0.0.1", "127.0.0.1", "::1"]);
  });

  test("lets what a granted name resolved to be reached by address, as far as the name may be", async () => {
    const public4 = calls(virtualNet(world, { addresses: ["93.184.216.34"], names: ["pub.test"] }));
    await public4["listen"]!({ address: "93.184.216.34", port: 80 });
    const guest = calls(virtualNet(world, { addresses: ["93.184.216.35"], allow: ["pub.test:80"], udp: [] }));
    const to = { host: "93.184.216.34", port: 80 };
    expect(await outcome(() => guest["connect"]!(to))).toBe("E_NOT_GRANTED");
    expect(await guest["resolve"]!("pub.test")).toEqual(["93.184.216.34"]);
    expect(await outcome(() => guest["connect"]!(to))).toHaveProperty("contract", SOCKET);
    expect(await outcome(() => guest["connect"]!({ ...to, port: 81 }))).toBe("E_NOT_GRANTED");
  });

  test("says E_GRANT for a grant that is none", () => {
    expect(() => virtualNet(world, { allow: ["b.test"] })).toThrow(expect.objectContaining({ code: "E_GRANT" }));
  });
});

test("a host's addresses are its own: no two hosts share one", () => {
  expect(() => virtualNet(world, { addresses: ["10.0.0.2"] })).toThrow(TypeError);
  expect(() => virtualNet(world, { addresses: ["127.0.0.1"] })).toThrow(TypeError);
});
