// What the network and http cost an account, and what becomes of both when the guest that pays is gone.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { beforeEach, describe, expect, test } from "vitest";
import { virtualHttp } from "../../policy-libs/http/virtual.ts";
import { type Meter, type MeterOptions, meter, unused, within } from "../../policy-libs/index.ts";
import { REPY_CHARGES } from "../../policy-libs/net/charges.ts";
import { virtualNet } from "../../policy-libs/net/virtual.ts";
import { virtualWorld } from "../../policy-libs/net/world.ts";
import { http, network } from "../../policy-libs/node/index.ts";
import { bytes, type Calls, calls, newClock, outcome, text, turn } from "./net-kit.ts";

interface Guest {
  readonly meter: Meter;
  /** Its end. */
  readonly controller: AbortController;
  /** Calls on the guest's account. */
  as(granted: unknown): Calls;
}

function newGuest(options: Partial<MeterOptions> = {}): Guest {
  const own = meter({ name: "guest", ...options });
  const controller = new AbortController();
  const call = { account: own.account, signal: () => controller.signal, interrupt: undefined };
  const as = (granted: unknown): Calls => {
    const wrapped = Object.entries(calls(granted)).map(([name, fn]) => [
      name,
      (...args: unknown[]) => within(call, () => fn(...args)),
    ]);
    return Object.fromEntries(wrapped) as Calls;
  };
  return { meter: own, controller, as };
}

const usage = ({ meter: own }: Guest): Record<string, number> => {
  const used = Object.entries(own.usage()).filter(([, amount]) => amount !== 0);
  return Object.fromEntries(used);
};

let world = virtualWorld();
let peer: Calls;
beforeEach(() => {
  world = virtualWorld({ buffer: 10_000 });
  peer = calls(virtualNet(world, { names: ["peer.test"] }));
});

describe("a network account", () => {
  test("pays for each byte that was moved, and for what is open while it is", async () => {
    const guest = newGuest();
    const net = guest.as(virtualNet(world));
    const listener = calls(await peer["listen"]!({ address: "10.0.0.1", port: 80 }));
    const socket = guest.as(await net["connect"]!({ host: "peer.test", port: 80 }));
    expect(usage(guest)).toEqual({ outSockets: 1 });
    const other = calls((await listener["accept"]!()).socket);
    await socket["write"]!(new Uint8Array(1000));
    expect(socket["tryWrite"]!(new Uint8Array(20_000))).toBe(9000);
    await other["write"]!(bytes("answer"));
    expect(text(await socket["read"]!(4))).toBe("answ");
    expect(text(socket["tryRead"]!(4))).toBe("er");
    expect(socket["tryRead"]!(4)).toBeNull();
    expect(usage(guest)).toEqual({ outSockets: 1, netSend: 10_000, netReceive: 6 });
    socket["close"]!();
    socket["close"]!();
    expect(usage(guest)).toEqual({ netSend: 10_000, netReceive: 6 });
    expect(await outcome(() => net["connect"]!({ host: "peer.test", port: 81 }))).toBe("E_REFUSED");
    expect(usage(guest)).toEqual({ netSend: 10_000, netReceive: 6 });
  });

  test("pays for the loopback apart, for listening, and for what it accepts", async () => {
    const guest = newGuest();
    const net = guest.as(virtualNet(world));
    const listener = guest.as(await net["listen"]!({ port: 80 }));
    const socket = guest.as(await net["connect"]!({ host: "127.0.0.1", port: 80 }));
    const other = guest.as((await listener["accept"]!()).socket);
    expect(usage(guest)).toEqual({ inSockets: 1, outSockets: 2 });
    await socket["write"]!(bytes("12345"));
    await other["read"]!(3);
    const box = guest.as(await net["bind"]!({ port: 53 }));
    await net["send"]!({ host: "127.0.0.1", port: 53, bytes: bytes("1234567") });
    await box["receive"]!();
    expect(usage(guest)).toEqual({ inSockets: 2, outSockets: 2, loopSend: 12, loopReceive: 10 });
    for (const open of [listener, socket, other, box]) open["close"]!();
    expect(usage(guest)).toEqual({ loopSend: 12, loopReceive: 10 });
  });

  test("that has not enough refuses with E_QUOTA, moves nothing and loses nothing", async () => {
    const guest = newGuest({ limits: { netSend: 10, netReceive: 3, outSockets: 1 } });
    const net = guest.as(virtualNet(world));
    const listener = calls(await peer["listen"]!({ address: "10.0.0.1", port: 80 }));
    const socket = guest.as(await net["connect"]!({ host: "peer.test", port: 80 }));
    const other = calls((await listener["accept"]!()).socket);
    expect(await outcome(() => net["connect"]!({ host: "peer.test", port: 80 }))).toBe("E_QUOTA");
    expect(await outcome(() => socket["write"]!(new Uint8Array(11)))).toBe("E_QUOTA");
    expect(await outcome(() => socket["tryWrite"]!(new Uint8Array(11)))).toBe("E_QUOTA");
    expect(other["tryRead"]!(100)).toBeNull();
    await socket["write"]!(new Uint8Array(10));
    await other["write"]!(bytes("abcd"));
    expect(await outcome(() => socket["read"]!(4))).toBe("E_QUOTA");
    expect(text(await socket["read"]!(3))).toBe("abc");
    expect(usage(guest)).toEqual({ outSockets: 1, netSend: 10, netReceive: 3 });
    const box = calls(await peer["bind"]!({ address: "10.0.0.1", port: 53 }));
    socket["close"]!();
    expect(await outcome(() => net["send"]!({ host: "peer.test", port: 53, bytes: bytes("x") }))).toBe("E_QUOTA");
    expect(box["tryReceive"]!()).toBeNull();
    expect(usage(guest)).toEqual({ netSend: 10, netReceive: 3 });
  });

  test("with a rate delays who waits, and blocks who does not, however it asks", async () => {
    const clock = newClock();
    let now = 0;
    const time = { now: () => now, after: clock.later };
    const pass = async (ms: number): Promise<void> => {
      now += ms;
      await clock.pass(ms);
    };
    const guest = newGuest({ rates: { netSend: 1000 }, time });
    const net = guest.as(virtualNet(world));
    const listener = calls(await peer["listen"]!({ address: "10.0.0.1", port: 80 }));
    const socket = guest.as(await net["connect"]!({ host: "peer.test", port: 80 }));
    const other = calls((await listener["accept"]!()).socket);
    expect(socket["tryWrite"]!(new Uint8Array(3000))).toBe(3000);
    expect(socket["tryWrite"]!(new Uint8Array(1))).toBe(0);
    let isDone = false;
    void socket["write"]!(new Uint8Array(1)).then(() => (isDone = true));
    await pass(1990);
    expect(isDone).toBe(false);
    expect(other["tryRead"]!(10_000)).toHaveLength(3000);
    await pass(20);
    expect(isDone).toBe(true);
    expect(other["tryRead"]!(10_000)).toHaveLength(1);
  });

  test("may be charged as RepyV2 charged", async () => {
    const guest = newGuest();
    const net = guest.as(virtualNet(world, { charges: REPY_CHARGES }));
    await peer["listen"]!({ address: "10.0.0.1", port: 80 });
    await net["resolve"]!("peer.test");
    expect(usage(guest)).toEqual({ netSend: 1024, netReceive: 4096 });
    await net["addresses"]!();
    expect(usage(guest)).toEqual({ netSend: 1280, netReceive: 4224 });
    const socket = guest.as(await net["connect"]!({ host: "peer.test", port: 80 }));
    expect(usage(guest)).toEqual({ netSend: 1408, netReceive: 4288, outSockets: 1 });
    await socket["write"]!(bytes("hi"));
    expect(usage(guest)).toEqual({ netSend: 1474, netReceive: 4352, outSockets: 1 });
    socket["close"]!();
    expect(usage(guest)).toEqual({ netSend: 1602, netReceive: 4416 });
    await net["send"]!({ host: "peer.test", port: 53, bytes: bytes("hi") });
    expect(usage(guest)).toEqual({ netSend: 1668, netReceive: 4416 });
  });
});

describe("a guest that is gone", () => {
  test("leaves no call waiting and nothing open: of a virtual network", async () => {
    const guest = newGuest();
    const net = guest.as(virtualNet(world, { names: ["guest.test"] }));
    virtualNet(world, { names: ["silent.test"], silent: true });
    const listener = guest.as(await net["listen"]!({ address: "10.0.0.2", port: 80 }));
    const far = calls(await peer["connect"]!({ host: "guest.test", port: 80 }));
    const socket = guest.as((await listener["accept"]!()).socket);
    const box = guest.as(await net["bind"]!({ port: 53 }));
    const waiting = [
      outcome(() => socket["read"]!(1)),
      outcome(() => socket["read"]!(1)),
      outcome(() => socket["write"]!(new Uint8Array(20_000))),
      outcome(() => listener["accept"]!()),
      outcome(() => box["receive"]!()),
      outcome(() => net["connect"]!({ host: "silent.test", port: 1 })),
    ];
    await turn();
    guest.controller.abort();
    for (const code of await Promise.all(waiting)) expect(["E_ENDED", "E_CLOSED"]).toContain(code);
    expect(Object.keys(usage(guest))).toEqual(["netSend"]);
    await far["read"]!(10_000);
    expect(await far["read"]!(1)).toHaveLength(0);
    expect(await outcome(() => peer["connect"]!({ host: "guest.test", port: 80 }))).toBe("E_REFUSED");
    for (const call of ["connect", "listen", "bind"]) {
      expect(await outcome(() => net[call]!({ host: "peer.test", port: 80 }))).toBe("E_ENDED");
    }
  });

  test("closes what it let go of: a handle that nobody has any more", async () => {
    const guest = newGuest();
    const granted = virtualNet(world, { names: ["guest.test"] });
    const net = guest.as(granted);
    const listener = await net["listen"]!({ address: "10.0.0.2", port: 80 });
    const box = await net["bind"]!({ port: 53 });
    const far = calls(await peer["connect"]!({ host: "guest.test", port: 80 }));
    const { socket } = await guest.as(listener)["accept"]!();
    expect(usage(guest)).toEqual({ inSockets: 2, outSockets: 1 });
    for (const handle of [socket, listener, box, socket]) unused(handle as never);
    expect(usage(guest)).toEqual({});
    expect(await far["read"]!(1)).toHaveLength(0);
    expect(await outcome(() => guest.as(socket)["read"]!(1))).toBe("E_CLOSED");
  });

  test("leaves nothing open on the host either, while connecting too", async () => {
    let open = 0;
    const server = createServer((socket) => {
      open++;
      socket.on("close", () => open--).on("error", () => undefined);
      socket.resume();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const guest = newGuest();
    const net = guest.as(network({ allow: [`127.0.0.1:${port}`, "192.0.2.1:81"], listen: ["127.0.0.1:0"] }));
    const socket = guest.as(await net["connect"]!({ host: "127.0.0.1", port }));
    await net["listen"]!({ port: 0 });
    const pending = [
      outcome(() => socket["read"]!(1)),
      outcome(() => net["connect"]!({ host: "127.0.0.1", port })),
      outcome(() => net["connect"]!({ host: "192.0.2.1", port: 81 })),
    ];
    expect(Object.keys(usage(guest)).sort()).toEqual(["inSockets", "outSockets"]);
    guest.controller.abort();
    for (const code of await Promise.all(pending)) expect(["E_ENDED", "E_CLOSED", "E_UNREACHABLE"]).toContain(code);
    expect(usage(guest)).toEqual({});
    for (let left = 100; open > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(open).toBe(0);
    server.close();
  });

  test("leaves no request open, whether the answer was under way or its body", async () => {
    let open = 0;
    const server = createHttpServer((request, response) => {
      if (request.url === "/body") response.write("some");
    });
    server.on("connection", (socket) => {
      open++;
      socket.on("close", () => open--);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const guest = newGuest();
    const web = guest.as(http({ allow: [`127.0.0.1:${port}`] }));
    const { body } = await web["fetch"]!({ url: `http://127.0.0.1:${port}/body` });
    const waiting = outcome(() => web["fetch"]!({ url: `http://127.0.0.1:${port}/` }));
    expect(text(await guest.as(body)["read"]!(10))).toBe("some");
    const reading = outcome(() => guest.as(body)["read"]!(10));
    expect(usage(guest)["outSockets"]).toBe(2);
    guest.controller.abort();
    expect(await waiting).toBe("E_ENDED");
    expect(["E_ENDED", "E_CLOSED"]).toContain(await reading);
    expect(usage(guest)["outSockets"]).toBeUndefined();
    for (let left = 100; open > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(open).toBe(0);
    server.close();
  });
});

describe("an http account", () => {
  test("pays for what is sent and what is read, not for what is not", async () => {
    const guest = newGuest();
    const web = guest.as(virtualHttp(() => ({ headers: [["a", "bc"]], body: "x".repeat(1000) })));
    const { body } = await web["fetch"]!({
      url: "http://a.test/",
      method: "POST",
      headers: [["x", "y"]],
      body: new Uint8Array(100),
    });
    // The URL of 14, "x: y" with its line's end of 2, and the body; then "a: bc" with its.
    expect(usage(guest)).toEqual({ outSockets: 1, netSend: 14 + 6 + 100, netReceive: 7 });
    await guest.as(body)["read"]!(10);
    expect(usage(guest)["netReceive"]).toBe(17);
    await guest.as(body)["text"]!();
    expect(usage(guest)).toEqual({ netSend: 120, netReceive: 1007 });
  });

  test("that has not enough refuses before anything goes out, and hands on nothing", async () => {
    let asked = 0;
    const handler = () => {
      asked++;
      return { body: "x".repeat(1000) };
    };
    const poor = newGuest({ limits: { netSend: 100, netReceive: 500 } });
    const web = poor.as(virtualHttp(handler));
    expect(
      await outcome(() => web["fetch"]!({ url: "http://a.test/", method: "POST", body: new Uint8Array(200) })),
    ).toBe("E_QUOTA");
    expect(asked).toBe(0);
    const { body } = await web["fetch"]!({ url: "http://a.test/" });
    expect(await outcome(() => poor.as(body)["text"]!())).toBe("E_QUOTA");
    expect(await poor.as(body)["read"]!(500)).toHaveLength(500);
    await poor.as(body)["cancel"]!();
    expect(usage(poor)).toEqual({ netSend: 14, netReceive: 500 });
  });
});
