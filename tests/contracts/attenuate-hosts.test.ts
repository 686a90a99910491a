// The network to fewer hosts and ports: hosts, over networks in memory and a real one with a resolver that lies.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, hosts, revocable } from "../../policy-libs/index.ts";
import { NET } from "../../policy-libs/net/contract.ts";
import { virtualNet } from "../../policy-libs/net/virtual.ts";
import { virtualWorld } from "../../policy-libs/net/world.ts";
import { network } from "../../policy-libs/node/index.ts";
import { newWorld } from "./attenuate-world.ts";
import { bytes, type Calls, calls, newClock, outcome } from "./net-kit.ts";

const PUBLIC = { a: "93.184.216.34", b: "93.184.216.35" };

async function twoHosts(allowed: readonly string[] | Hosts) {
  const clock = newClock();
  const world = virtualWorld({ later: clock.later });
  const net = virtualNet(world, { names: ["me.test"], addresses: ["93.184.216.33"] });
  const servers: Calls[] = [];
  for (const [name, address] of Object.entries(PUBLIC)) {
    const server = calls(virtualNet(world, { names: [`${name}.test`], addresses: [address] }));
    for (const port of [80, 81]) servers.push(calls(await server["listen"]!({ address, port })));
  }
  return { net, guest: calls(hosts(net, allowed)), base: calls(net) };
}

const connect = (guest: Calls, host: unknown, port: unknown, more = {}): Promise<unknown> =>
  outcome(async () => (await guest["connect"]!({ host, port, ...more })) && "connected");

describe("hosts", () => {
  test("connects by a listed name and port, and to nothing else", async () => {
    const { guest, base } = await twoHosts(["a.test:80"]);
    expect(await connect(guest, "a.test", 80)).toBe("connected");
    expect(await connect(guest, "A.TEST.", 80)).toBe("connected");
    for (const [host, port] of [
      ["a.test", 81],
      ["b.test", 80],
      [PUBLIC.b, 80],
      ["x.a.test", 80],
    ] as const)
      expect(await connect(guest, host, port)).toBe("E_NOT_GRANTED");
    expect(await connect(base, "b.test", 81)).toBe("connected");
  });

  test("an address is reached if it is listed, or was resolved from a listed name", async () => {
    const { guest } = await twoHosts(["a.test:80", `${PUBLIC.b}:81`]);
    expect(await connect(guest, PUBLIC.b, 81)).toBe("connected");
    expect(await connect(guest, PUBLIC.a, 80)).toBe("E_NOT_GRANTED");
    expect(await guest["resolve"]!("a.test")).toEqual([PUBLIC.a]);
    expect(await connect(guest, PUBLIC.a, 80)).toBe("connected");
    expect(await connect(guest, PUBLIC.a, 81)).toBe("E_NOT_GRANTED");
    expect(await outcome(() => guest["resolve"]!("b.test"))).toBe("E_NOT_GRANTED");
  });

  test("never widens: what the base does not grant stays out of reach, in lists of either order", async () => {
    const { net } = await twoHosts([]);
    const narrow = hosts(net, ["a.test:80", "b.test:80"]);
    const nested = calls(hosts(narrow, ["a.test:80", "a.test:81", "b.test:81", "*.test:1-65535"]));
    expect(await connect(nested, "a.test", 80)).toBe("connected");
    expect(await connect(nested, "b.test", 80)).toBe("connected");
    for (const host of ["a.test", "b.test"]) expect(await connect(nested, host, 81)).toBe("E_NOT_GRANTED");
    expect(await connect(calls(hosts(narrow, [])), "a.test", 80)).toBe("E_NOT_GRANTED");
  });

  test("what is no host or port is refused as by the network itself", async () => {
    const { guest } = await twoHosts(["*.test:80", "127.0.0.1:80"]);
    for (const host of ["0x7f.1", "127.1", "2130706433", "a.test\0", "a.test@b.test", "", "[::1]"])
      expect(await connect(guest, host, 80)).toBe("E_ADDRESS");
    for (const port of [0, -1, 1.5, 65_536, Number.NaN, "80"])
      expect(await connect(guest, "a.test", port)).toBe("E_ADDRESS");
  });

  test("listening, binding and local ports need lists of their own", async () => {
    const { guest } = await twoHosts(["a.test:80"]);
    for (const call of ["listen", "bind"])
      expect(await outcome(() => guest[call]!({ address: "93.184.216.33", port: 0 }))).toBe("E_NOT_GRANTED");
    expect(await connect(guest, "a.test", 80, { localPort: 5_000 })).toBe("E_NOT_GRANTED");
    expect(await connect(guest, "a.test", 80, { localAddress: "93.184.216.33" })).toBe("E_NOT_GRANTED");
    expect(await guest["addresses"]!()).toEqual([]);
    const own = ["93.184.216.33:0", "93.184.216.33:5000"];
    const wide = (await twoHosts({ allow: ["a.test:80"], listen: own, bind: own })).guest;
    expect(await outcome(async () => (await wide["listen"]!({ address: "93.184.216.33", port: 0 })) && 1)).toBe(1);
    expect(await outcome(() => wide["listen"]!({ address: "93.184.216.33", port: 80 }))).toBe("E_NOT_GRANTED");
    const local = { localAddress: "93.184.216.33", localPort: 5_000 };
    expect(await connect(wide, "a.test", 80, local)).toBe("connected");
    expect(await wide["addresses"]!()).toEqual(["93.184.216.33"]);
  });

  test("datagrams go to listed hosts, from the network and from a bound socket", async () => {
    const own = ["93.184.216.33:0"];
    const { guest, net } = await twoHosts({ udp: ["a.test:80"], bind: own });
    const datagram = { bytes: bytes("x") };
    expect(await outcome(() => guest["send"]!({ ...datagram, host: "a.test", port: 80 }))).toBe(1);
    expect(await outcome(() => guest["send"]!({ ...datagram, host: "b.test", port: 80 }))).toBe("E_NOT_GRANTED");
    const socket = calls(await guest["bind"]!({ address: "93.184.216.33", port: 0 }));
    expect(await outcome(() => socket["send"]!(bytes("x"), "a.test", 80))).toBe(1);
    for (const [host, port] of [
      ["b.test", 80],
      ["a.test", 81],
      [PUBLIC.b, 80],
    ] as const)
      expect(await outcome(() => socket["send"]!(bytes("x"), host, port))).toBe("E_NOT_GRANTED");
    expect(await connect(calls(hosts(net, { udp: ["a.test:80"] })), "a.test", 80)).toBe("E_NOT_GRANTED");
  });

  test("what was checked is what is called: a record that changes meanwhile changes nothing", async () => {
    const { guest } = await twoHosts(["a.test:80"]);
    const to = { host: "a.test", port: 80 };
    const socket = guest["connect"]!(to);
    Object.assign(to, { host: "b.test", port: 81 });
    expect(calls(await socket)["info"]!()).toMatchObject({ remoteAddress: PUBLIC.a, remotePort: 80 });
  });

  test("handles are the base's, and die with what they came through", async () => {
    const { net } = await twoHosts([]);
    const { granted, revoke } = revocable(hosts(net, ["a.test:80"]));
    const socket = calls(await calls(granted)["connect"]!({ host: "a.test", port: 80 }));
    await socket["write"]!(bytes("x"));
    revoke();
    expect(await outcome(() => socket["write"]!(bytes("x")))).toBe("E_REVOKED");
  });

  test("lists that are none, and what is no network, are refused; every call of the network is known", async () => {
    const { net, guest } = await twoHosts([]);
    for (const list of [["a.test"], ["http://a.test"], [7], ["a.test:0"], ["*:80"]])
      expect(() => hosts(net, list as never)).toThrow();
    expect(() => hosts(newWorld().granted, [])).toThrow(TypeError);
    const answers = NET.calls.map(({ name }) =>
      outcome(() => guest[name]!({ host: "a.test", port: 80, bytes: bytes("") })),
    );
    // `resolve` is given no name here, `addresses` takes none.
    expect((await Promise.all(answers)).filter((answer) => answer === "E_DENIED")).toEqual([]);
  });
});

describe("hosts over a real network", () => {
  let port = 0;
  let reached = 0;
  const server = createServer((socket) => {
    reached++;
    socket.destroy();
  });
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  test("a listed name that leads to loopback leads nowhere, though the base grants both", async () => {
    const asked: string[] = [];
    const resolver = async (name: string): Promise<string[]> => {
      asked.push(name);
      return ["127.0.0.1"];
    };
    const net = network({ allow: [`evil.example:${port}`, `127.0.0.1:${port}`], resolver });
    const before = reached;
    const guest = calls(hosts(net, [`evil.example:${port}`]));
    expect(await connect(guest, "evil.example", port)).toBe("E_NOT_GRANTED");
    expect(await connect(guest, "127.0.0.1", port)).toBe("E_NOT_GRANTED");
    expect(reached).toBe(before);
    expect(await connect(calls(net), "evil.example", port)).toBe("connected");
    expect(await connect(calls(hosts(net, [`127.0.0.1:${port}`])), "127.0.0.1", port)).toBe("connected");
    expect(new Set(asked)).toEqual(new Set(["evil.example"]));
  });

  test("a name whose answer changes is looked up once for each connection", async () => {
    const answers = ["93.184.216.34", "127.0.0.1", "127.0.0.1"];
    let asked = 0;
    const resolver = async (): Promise<string[]> => [answers[Math.min(asked++, 2)] as string];
    const net = network({ allow: [`evil.example:${port}`, `127.0.0.1:${port}`], resolver });
    const before = reached;
    const guest = calls(hosts(net, [`evil.example:${port}`]));
    expect(await connect(guest, "evil.example", port, { timeout: 50 })).not.toBe("connected");
    expect([asked, reached]).toEqual([1, before]);
  });
});
