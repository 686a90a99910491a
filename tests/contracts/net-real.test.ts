// The network of the host, over real sockets on the loopback: the same contract, and hostile ends.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { SOCKET } from "../../policy-libs/net/contract.ts";
import { network } from "../../policy-libs/node/index.ts";
import { bytes, type Calls, calls, outcome, readAll, text } from "./net-kit.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(serveOne: (socket: Socket) => void, options = {}): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serveOne(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function granted(options: Parameters<typeof network>[0]): Calls {
  const controller = new AbortController();
  closers.push(() => controller.abort());
  return calls(network({ signal: controller.signal, ...options }));
}

const ANY_PORT = ["127.0.0.1:1-65535"];
const net = (): Calls =>
  granted({ allow: ANY_PORT, listen: ["127.0.0.1:0", ...ANY_PORT], udp: ANY_PORT, bind: ["127.0.0.1:0", ...ANY_PORT] });
const connect = async (port: number, guest = net()): Promise<Calls> =>
  calls(await guest["connect"]!({ host: "127.0.0.1", port }));

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 500; !isTrue(); left--) {
    if (left === 0) throw new Error("it never became true");
    await wait(10);
  }
}

async function usedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a connection of the host", () => {
  test("carries bytes both ways, half closed too", async () => {
    const port = await serve(
      (socket) => {
        let heard = "";
        socket.on("data", (data) => (heard += data));
        socket.on("end", () => socket.end(`heard ${heard}`));
      },
      { allowHalfOpen: true },
    );
    const socket = await connect(port);
    await socket["write"]!(bytes("one "));
    expect(socket["tryWrite"]!(bytes("two"))).toBe(3);
    expect(socket["tryRead"]!(10)).toBeNull();
    await socket["closeWrite"]!();
    expect(text(await readAll(socket, 3))).toBe("heard one two");
    expect(socket["tryRead"]!(10)).toEqual(new Uint8Array(0));
    expect([socket["close"]!(), socket["close"]!()]).toEqual([true, false]);
    expect(await outcome(() => socket["read"]!(1))).toBe("E_CLOSED");
    expect(await outcome(() => socket["write"]!(bytes("x")))).toBe("E_CLOSED");
  });

  test("between two guests delivers a megabyte sent before the close, whole", async () => {
    const [server, client] = [net(), net()];
    const listener = calls(await server["listen"]!({ port: 0 }));
    const out = await connect(listener["info"]!().port, client);
    const { socket, address, port } = await listener["accept"]!();
    expect({ remoteAddress: address, remotePort: port }).toMatchObject({
      remoteAddress: out["info"]!().localAddress,
      remotePort: out["info"]!().localPort,
    });
    const data = new Uint8Array(1 << 20).map((_, at) => (at * 31) % 253);
    const reading = readAll(calls(socket), 100_000);
    await out["write"]!(data);
    expect(out["close"]!()).toBe(true);
    expect(Buffer.compare(await reading, data)).toBe(0);
    expect(listener["close"]!()).toBe(true);
    expect(calls(socket)["close"]!()).toBe(true);
  });

  test("of an endless sender holds a bounded number of bytes, and the sender stands still", async () => {
    let sent = 0;
    const port = await serve((socket) => {
      const piece = new Uint8Array(65_536);
      const send = (): void => {
        while (socket.write(piece)) sent += piece.length;
        socket.once("drain", send);
      };
      send();
    });
    const socket = await connect(port, granted({ allow: ANY_PORT, maxBuffer: 10_000 }));
    let before = -1;
    await until(() => {
      const stands = sent === before;
      before = sent;
      return stands;
    });
    await wait(100);
    // What both kernels buffer on the loopback is a few megabytes; an unbounded reader takes hundreds.
    expect(sent).toBe(before);
    expect(sent).toBeLessThan(32 << 20);
    const held = socket["tryRead"]!(1 << 20).length;
    expect(held).toBeLessThanOrEqual(10_000 + 65_536);
    // Reading makes it move again.
    for (let count = 0; count < 200; count++) expect((await socket["read"]!(1 << 20)).length).toBeGreaterThan(0);
    expect(sent).toBeGreaterThan(before - 1);
  });

  test("to somebody who never reads takes a bounded number of bytes", async () => {
    const port = await serve((socket) => void socket.pause());
    const socket = await connect(port, granted({ allow: ANY_PORT, maxBuffer: 10_000 }));
    let taken = 0;
    for (let idle = 0; idle < 5; ) {
      const count = socket["tryWrite"]!(new Uint8Array(1 << 20));
      expect(count).toBeLessThanOrEqual(10_000);
      taken += count;
      idle = count === 0 ? idle + 1 : 0;
      if (count === 0) await wait(20);
    }
    expect(taken).toBeLessThan(32 << 20);
    expect(socket["tryWrite"]!(new Uint8Array(1))).toBe(0);
    const writing = outcome(() => socket["write"]!(new Uint8Array(1 << 20)));
    expect(socket["close"]!()).toBe(true);
    expect(await writing).toBe("E_CLOSED");
  });

  test("that the peer resets says so, to who reads and to who writes", async () => {
    const port = await serve((socket) => setTimeout(() => socket.resetAndDestroy(), 20));
    const socket = await connect(port);
    expect(await outcome(() => socket["read"]!(1))).toBe("E_CLOSED_REMOTE");
    expect(await outcome(() => socket["tryRead"]!(1))).toBe("E_CLOSED_REMOTE");
    expect(await outcome(() => socket["write"]!(bytes("x")))).toBe("E_CLOSED_REMOTE");
    expect(await outcome(() => socket["tryWrite"]!(bytes("x")))).toBe("E_CLOSED_REMOTE");
    expect(socket["close"]!()).toBe(true);
  });

  test("that the peer closed whole is told to who goes on writing", async () => {
    const port = await serve((socket) => void socket.end("bye", () => socket.destroy()));
    const socket = await connect(port);
    expect(text(await readAll(socket))).toBe("bye");
    let code: unknown;
    for (let count = 0; count < 100 && code === undefined; count++) {
      code = await outcome(() => socket["write"]!(bytes("x")));
      await wait(5);
    }
    expect(code).toBe("E_CLOSED_REMOTE");
    expect(await readAll(socket)).toHaveLength(0);
  });
});

describe("connecting on the host", () => {
  test("names each mistake by its own error, and no message names the host's own ends", async () => {
    const port = await usedPort();
    const guest = net();
    const fail = async (to: object): Promise<Error & { code: string }> =>
      await guest["connect"]!(to).catch((e: unknown) => e);
    const refused = await fail({ host: "127.0.0.1", port });
    expect(refused.code).toBe("E_REFUSED");
    expect(refused.message).not.toMatch(/ECONN|127\.|::/);
    expect((await fail({ host: "127.0.0.2", port })).code).toBe("E_NOT_GRANTED");
    for (const host of ["127.1", "0177.0.0.1", "0x7f000001", "2130706433", "127.0.0.1."]) {
      expect([host, (await fail({ host, port })).code]).toEqual([host, "E_ADDRESS"]);
    }
    const listener = calls(await guest["listen"]!({ port: 0 }));
    const local = listener["info"]!().port;
    expect((await fail({ host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort: local })).code).toBe(
      "E_IN_USE",
    );
    expect(await outcome(() => guest["listen"]!({ port: local }))).toBe("E_IN_USE");
  });

  test("knows its own foreign addresses and its duplicates", async () => {
    const port = await serve(() => undefined);
    const guest = granted({ allow: ANY_PORT, listen: ["127.0.0.1:1-65535", "192.0.2.9:0", "192.0.2.9:7"] });
    const foreign = { host: "127.0.0.1", port, localAddress: "192.0.2.9" };
    expect(await outcome(() => guest["connect"]!(foreign))).toBe("E_BIND");
    expect(await outcome(() => guest["listen"]!({ address: "192.0.2.9", port: 7 }))).toBe("E_BIND");
    const to = { host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort: await usedPort() };
    expect(await outcome(() => guest["connect"]!(to))).toHaveProperty("contract", SOCKET);
    expect(await outcome(() => guest["connect"]!(to))).toBe("E_DUPLICATE");
  });

  test("gives up when the time is over: the backlog of a listener that never accepts is full", async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737): nobody answers there, or the host knows no way at all.
    const guest = granted({ allow: ["192.0.2.1:81"] });
    const start = performance.now();
    const code = await outcome(() => guest["connect"]!({ host: "192.0.2.1", port: 81, timeout: 100 }));
    expect(["E_TIMEOUT", "E_UNREACHABLE", "E_REFUSED"]).toContain(code);
    if (code === "E_TIMEOUT") expect(performance.now() - start).toBeGreaterThanOrEqual(99);
  });

  test("has a limit for what is open; a thousand connections one after the other leave nothing behind", async () => {
    let open = 0;
    const port = await serve((socket) => {
      open++;
      socket.on("close", () => open--);
      socket.resume();
    });
    const guest = granted({ allow: ANY_PORT, maxSockets: 2 });
    for (let count = 0; count < 1000; count++) {
      const socket = await connect(port, guest);
      await socket["write"]!(bytes("x"));
      expect(socket["close"]!()).toBe(true);
    }
    await until(() => open === 0);
    const kept = [await connect(port, guest), await connect(port, guest)];
    expect(await outcome(() => connect(port, guest))).toBe("E_MOST_OPEN");
    kept[0]!["close"]!();
    expect(await connect(port, guest)).toHaveProperty("read");
  });

  test("holds a thousand connections at once between two guests, each with its own bytes", async () => {
    const [server, client] = [
      granted({ listen: ["127.0.0.1:0"], maxSockets: 1001 }),
      granted({ allow: ANY_PORT, maxSockets: 1000 }),
    ];
    const listener = calls(await server["listen"]!({ port: 0 }));
    const { port } = listener["info"]!();
    const serving = (async () => {
      for (let count = 0; count < 1000; count++) {
        const socket = calls((await listener["accept"]!()).socket);
        void socket["read"]!(100).then(async (data: Uint8Array) => {
          await socket["write"]!(data);
          socket["close"]!();
        });
      }
    })();
    const sockets: Calls[] = [];
    for (let count = 0; count < 1000; count += 50) {
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => connect(port, client)))));
    }
    const answers = sockets.map(async (socket, at) => {
      await socket["write"]!(bytes(`number ${at}`));
      return text(await readAll(socket));
    });
    expect(await Promise.all(answers)).toEqual(sockets.map((_, at) => `number ${at}`));
    await serving;
    expect(sockets.map((socket) => socket["close"]!())).toEqual(new Array(1000).fill(true));
  });
});

describe("a listener of the host", () => {
  test("reads nothing of a connection before somebody accepts it, and drops what is too many", async () => {
    const guest = net();
    const listener = calls(await guest["listen"]!({ port: 0 }));
    const { port } = listener["info"]!();
    const peers = await Promise.all(
      Array.from({ length: 70 }, async (_, at) => {
        const peer = createConnection({ host: "127.0.0.1", port });
        closers.push(() => peer.destroy());
        let isLost = false;
        peer.on("close", () => (isLost = true)).on("error", () => undefined);
        peer.resume();
        await once(peer, "connect");
        peer.write(`peer ${at}`);
        return () => isLost;
      }),
    );
    await until(() => peers.filter((isLost) => isLost()).length === 6);
    const first = calls((await listener["accept"]!()).socket);
    expect(text(await first["read"]!(100))).toMatch(/^peer \d+$/);
    listener["close"]!();
    await until(() => peers.filter((isLost) => isLost()).length === 69);
    first["close"]!();
  });

  test("closes while somebody waits, and can be opened again at once", async () => {
    const guest = net();
    const port = await usedPort();
    for (let round = 0; round < 3; round++) {
      const listener = calls(await guest["listen"]!({ port }));
      const client = await connect(port, guest);
      const server = calls((await listener["accept"]!()).socket);
      const waiting = outcome(() => listener["accept"]!());
      expect([listener["close"]!(), listener["close"]!()]).toEqual([true, false]);
      expect(await waiting).toBe("E_CLOSED");
      await client["write"]!(bytes("still"));
      expect(text(await server["read"]!(10))).toBe("still");
      client["close"]!();
      server["close"]!();
    }
  });

  test("is only where it was granted", async () => {
    const guest = granted({ listen: ["127.0.0.1:0"] });
    expect(await outcome(() => guest["listen"]!({ address: "0.0.0.0", port: 0 }))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => guest["listen"]!({ address: "::1", port: 0 }))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => guest["listen"]!({ port: 8080 }))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => guest["bind"]!({ port: 0 }))).toBe("E_NOT_GRANTED");
    expect(await guest["addresses"]!()).toEqual(["127.0.0.1"]);
    expect(await calls(network({}))["addresses"]!()).toEqual([]);
  });
});

describe("datagrams of the host", () => {
  test("arrive whole, up to 9,216 bytes, with the address they come from", async () => {
    const [a, b] = [net(), net()];
    const box = calls(await a["bind"]!({ port: 0 }));
    const { port } = box["info"]!();
    expect(box["tryReceive"]!()).toBeNull();
    const own = calls(await b["bind"]!({ port: 0 }));
    for (const length of [0, 1, 1600, 9216]) {
      const data = new Uint8Array(length).map((_, at) => at % 251);
      expect(await own["send"]!(data, "127.0.0.1", port)).toBe(length);
      expect(await box["receive"]!()).toEqual({ bytes: data, address: "127.0.0.1", port: own["info"]!().port });
    }
    expect(await outcome(() => own["send"]!(new Uint8Array(9217), "127.0.0.1", port))).toBe("E_TOO_LARGE");
    expect(await b["send"]!({ host: "127.0.0.1", port, bytes: bytes("free") })).toBe(4);
    expect(text((await box["receive"]!()).bytes)).toBe("free");
    const from = { localAddress: "127.0.0.1", localPort: own["info"]!().port };
    expect(await b["send"]!({ host: "127.0.0.1", port, bytes: bytes("borrowed"), ...from })).toBe(8);
    expect((await box["receive"]!()).port).toBe(from.localPort);
    expect(await outcome(() => a["send"]!({ host: "127.0.0.1", port, bytes: bytes("x"), ...from }))).toBe("E_IN_USE");
    expect([box["close"]!(), box["close"]!()]).toEqual([true, false]);
    expect(await outcome(() => box["receive"]!())).toBe("E_CLOSED");
    expect(calls(await a["bind"]!({ port }))["info"]!()).toEqual({ address: "127.0.0.1", port });
  });

  test("of a flood are kept in a bounded number, and what is larger than allowed is lost", async () => {
    const box = calls(await net()["bind"]!({ port: 0 }));
    const { port } = box["info"]!();
    const flood = createSocket("udp4");
    closers.push(() => flood.close());
    const send = (data: Uint8Array): Promise<void> =>
      new Promise((resolve) => flood.send(data, port, "127.0.0.1", () => resolve()));
    await send(new Uint8Array(20_000));
    for (let count = 0; count < 500; count++) await send(Uint8Array.of(1, 2, 3));
    await wait(100);
    let received = 0;
    for (let letter = box["tryReceive"]!(); letter !== null; letter = box["tryReceive"]!()) {
      expect(letter.bytes).toEqual(Uint8Array.of(1, 2, 3));
      received++;
    }
    expect(received).toBe(64);
  });

  test("go only where granted", async () => {
    const guest = granted({ udp: ["127.0.0.1:53"], bind: ["127.0.0.1:0"] });
    expect(await outcome(() => guest["send"]!({ host: "127.0.0.1", port: 54, bytes: bytes("x") }))).toBe(
      "E_NOT_GRANTED",
    );
    const box = calls(await guest["bind"]!({ port: 0 }));
    expect(await outcome(() => box["send"]!(bytes("x"), "127.0.0.2", 53))).toBe("E_NOT_GRANTED");
    expect(await outcome(() => box["send"]!(bytes("x"), "127.1", 53))).toBe("E_ADDRESS");
  });
});
