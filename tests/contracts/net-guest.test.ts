// The network and http as a guest has them: through the kernel, under their contracts, with handles that pass.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { virtualHttp, virtualNet, virtualWorld } from "../../policy-libs/index.ts";
import { http, network } from "../../policy-libs/node/index.ts";
import { gave, run } from "../embed/cordon.ts";
import { calls, outcome } from "./net-kit.ts";

const limits = { fuel: 1e10, wall: 20_000 };
const program = async (source: string, grant: Record<string, unknown>): Promise<unknown> =>
  gave(await run({ source, grant, limits } as never));

const TALK = `
  const listener = await net.listen({ address: "127.0.0.1", port: 0 });
  const client = await net.connect({ host: "127.0.0.1", port: listener.info().port, timeout: 5000 });
  const { socket, address } = await listener.accept();
  const text = (bytes) => String.fromCharCode(...bytes);
  const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  await client.write(bytes("hello"));
  const heard = text(await socket.read(100));
  const nothing = socket.tryRead(10);
  const sent = socket.tryWrite(bytes("world"));
  const back = text(await client.read(100));
  const closes = [client.close(), client.close()];
  const end = (await socket.read(10)).length;
  const codes = [];
  for (const call of [() => client.read(1), () => net.connect({ host: "127.1", port: 1 }), () => socket.read(0)])
    try { await call(); } catch (error) { codes.push(error.code); }
  return { heard, nothing, sent, back, closes, end, codes, address };
`;
const TALKED = {
  ...{ heard: "hello", nothing: null, sent: 5, back: "world", closes: [true, false], end: 0, address: "127.0.0.1" },
  codes: ["E_CLOSED", "E_ADDRESS", "E_VALUE"],
};

describe("a guest", () => {
  test("talks over a virtual network", async () => {
    expect(await program(TALK, { net: virtualNet() })).toEqual(TALKED);
  });

  test("talks over the host's, and what it leaves open is closed with it", async () => {
    let open = 0;
    const server = createServer((socket) => {
      open++;
      socket.on("close", () => open--).on("error", () => undefined);
      socket.resume();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const net = network({ allow: ["127.0.0.1:1-65535"], listen: ["127.0.0.1:0"], maxSockets: 3 });
    expect(await program(TALK, { net })).toEqual(TALKED);
    const leave = `globalThis.kept = [];
      for (let i = 0; i < 3; i++) kept.push(await net.connect({ host: "127.0.0.1", port: ${port} }));
      try { await net.connect({ host: "127.0.0.1", port: ${port} }); } catch (error) { return error.code; }`;
    expect(await program(leave, { net })).toBe("E_MOST_OPEN");
    for (let left = 200; open > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(open).toBe(0);
    // And its places are free for the next one.
    expect(await program(leave, { net })).toBe("E_MOST_OPEN");
    server.close();
  });

  test("sends and receives datagrams, and talks to another guest of the same world", async () => {
    const world = virtualWorld();
    const [a, b] = [virtualNet(world, { names: ["a.test"] }), virtualNet(world)];
    const box = calls(await calls(a)["bind"]!({ address: "10.0.0.1", port: 53 }));
    const source = `const box = await net.bind({ address: "10.0.0.2", port: 9 });
      const sent = await box.send(Uint8Array.of(1, 2), "a.test", 53);
      const { bytes, port } = await box.receive();
      return [sent, [...bytes], port, await net.addresses(), box.close()];`;
    const answer = program(source, { net: b });
    const letter = await box["receive"]!();
    expect(letter).toEqual({ bytes: Uint8Array.of(1, 2), address: "10.0.0.2", port: 9 });
    await box["send"]!(Uint8Array.of(3), letter.address, letter.port);
    expect(await answer).toEqual([2, [3], 53, ["10.0.0.2", "127.0.0.1", "::1"], true]);
  });

  test("asks over http, sends a body of its own making, and reads the answer in pieces", async () => {
    const web = virtualHttp(({ method, headers, body }) => ({
      headers: [
        ["x-method", method],
        ["x-first", String(headers[0])],
      ],
      body: new Uint8Array([...body, 33]),
    }));
    const source = `const pieces = ["one ", "two", ""];
      const read = async () => Uint8Array.from(pieces.shift(), (c) => c.charCodeAt(0));
      const answer = await web.fetch({ url: "http://a.test/x", method: "POST", headers: [["X-A", "1"]], body: { read } });
      const first = String.fromCharCode(...await answer.body.read(2));
      return [answer.status, answer.url, answer.headers, first, await answer.body.text()];`;
    expect(await program(source, { web })).toEqual([
      ...[
        200,
        "http://a.test/x",
        [
          ["x-method", "POST"],
          ["x-first", "x-a,1"],
        ],
        "on",
        "e two!",
      ],
    ]);
    const failing = `try { await web.fetch({ url: "http://a.test/", method: "POST", body: { read() { throw new Error("mine"); } } }) }
      catch (error) { return error.code }`;
    expect(await program(failing, { web })).toBe("E_SOURCE");
  });

  test("asks over the host's http, and learns only codes of what went wrong", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"));
      socket.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const web = http({ allow: [`127.0.0.1:${port}`] });
    const source = `const codes = [];
      for (const url of ["http://127.0.0.1:${port}/", "http://127.0.0.1:1/", "http://127.1/", "x"])
        try { await web.fetch({ url }); } catch (error) { codes.push(error.code, error.message.includes("169") ? "named" : "") }
      return codes;`;
    expect(await program(source, { web })).toEqual([
      ...["E_NOT_GRANTED", "named", "E_NOT_GRANTED", "", "E_URL", "", "E_URL", ""],
    ]);
    server.close();
  });
});

test("a connection ends with the guest that held it", async () => {
  const world = virtualWorld();
  const [a, b] = [calls(virtualNet(world)), virtualNet(world)];
  const listener = calls(await a["listen"]!({ address: "10.0.0.1", port: 80 }));
  const done = program(
    `const socket = await net.connect({ host: "10.0.0.1", port: 80 }); await socket.write(Uint8Array.of(1)); return 1;`,
    { net: b },
  );
  const socket = calls((await listener["accept"]!()).socket);
  expect(await socket["read"]!(1)).toHaveLength(1);
  expect(await done).toBe(1);
  // The guest has ended: its end of the connection with it.
  expect(await outcome(() => socket["read"]!(1))).toHaveLength(0);
});
