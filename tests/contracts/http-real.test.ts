// HTTP of the host, against real servers on the loopback: well-behaved, slow, endless and hostile ones.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { SOURCE } from "../../policy-libs/http/contract.ts";
import { capability } from "../../policy-libs/index.ts";
import { type HttpGrantOptions, http } from "../../policy-libs/node/index.ts";
import { CERTIFICATE, KEY } from "./http-certificate.ts";
import { code, fetch } from "./http-kit.ts";
import { bytes, type Calls, calls, outcome, readAll, text } from "./net-kit.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;
const serve = (handler: Serve): Promise<number> => listening(createServer(handler));
/** Bytes on the wire, whatever they are. */
const serveRaw = (answer: string | ((socket: Socket) => void)): Promise<number> =>
  listening(
    createRawServer((socket) => {
      if (typeof answer === "string") socket.once("data", () => socket.end(answer));
      else answer(socket);
    }),
  );

function granted(port: number, options: Partial<HttpGrantOptions> = {}): Calls {
  const controller = new AbortController();
  closers.push(() => controller.abort());
  return calls(http({ allow: [`127.0.0.1:${port}`], signal: controller.signal, ...options }));
}

const urlOf = (port: number, path = "/"): string => `http://127.0.0.1:${port}${path}`;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 500; !isTrue(); left--) {
    if (left === 0) throw new Error("it never became true");
    await wait(10);
  }
}

describe("a request of the host", () => {
  test("says what was meant and nothing more, and gets the answer", async () => {
    let raw: readonly string[] = [];
    const port = await serve((request, response) => {
      raw = request.rawHeaders;
      request.on("data", () => undefined);
      request.on("end", () =>
        response
          .writeHead(
            201,
            "Made",
            [
              ["X-A", "1"],
              ["x-a", "2"],
            ].flat(),
          )
          .end("body"),
      );
    });
    const answer = await fetch(granted(port), {
      url: urlOf(port, "/p?q"),
      method: "POST",
      headers: [["X-B", "3"]],
      body: "data",
    });
    expect(answer).toMatchObject({ status: 201, statusText: "Made", url: urlOf(port, "/p?q") });
    expect((answer["headers"] as unknown as [string, string][]).filter(([name]) => name === "x-a")).toEqual([
      ["x-a", "1"],
      ["x-a", "2"],
    ]);
    expect(await calls(answer["body"])["text"]!()).toBe("body");
    expect(raw.map((one) => one.toLowerCase())).toEqual([
      ...["content-length", "4", "host", `127.0.0.1:${port}`, "x-b", "3"],
      ...["content-type", "text/plain;charset=utf-8", "accept-encoding", "identity", "connection", "close"],
    ]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "streams a body of %s as pieces with their ends marked",
    async (method) => {
      let [seen, encoding] = ["", ""];
      const port = await serve((request, response) => {
        encoding = String(request.headers["transfer-encoding"]);
        request.on("data", (data) => (seen += data));
        request.on("end", () => response.end("done"));
      });
      const pieces = [bytes("GET /smuggled HTTP/1.1\r\n\r\n"), bytes("two")];
      const source = capability(SOURCE, { read: async () => pieces.shift() ?? new Uint8Array(0) });
      expect(await code(granted(port), { url: urlOf(port), method, body: source })).toBe(200);
      expect(seen).toBe("GET /smuggled HTTP/1.1\r\n\r\ntwo");
      expect(encoding).toBe("chunked");
    },
  );

  test("streams a body only as fast as the server takes it, and stops when the server has answered and gone", async () => {
    let pulled = 0;
    const source = capability(SOURCE, {
      read: async () => {
        pulled++;
        return new Uint8Array(65_536);
      },
    });
    const stuck = await serve((request) => void request.pause());
    const options = { maxBody: 1 << 30 };
    const asked = code(granted(stuck, options), { url: urlOf(stuck), method: "POST", body: source, timeout: 600 });
    await wait(300);
    const before = pulled;
    await wait(200);
    expect(pulled).toBe(before);
    expect(before).toBeLessThan(500);
    expect(await asked).toBe("E_TIMEOUT");
    const early = await serve((_request, response) => void response.writeHead(413).end(() => response.destroy()));
    expect([413, "E_CLOSED_REMOTE"]).toContain(
      await code(granted(early, options), { url: urlOf(early), method: "POST", body: source }),
    );
    await wait(100);
    const after = pulled;
    await wait(100);
    expect(pulled).toBe(after);
  });

  test("leaves a source that fails, or is too long, with its own error", async () => {
    const port = await serve((request) => void request.resume());
    const failing = capability(SOURCE, { read: () => Promise.reject(new Error("/etc/mine")) });
    expect(await code(granted(port), { url: urlOf(port), method: "POST", body: failing })).toBe("E_SOURCE");
    const endless = capability(SOURCE, { read: async () => new Uint8Array(1000) });
    expect(await code(granted(port, { maxBody: 10_000 }), { url: urlOf(port), method: "POST", body: endless })).toBe(
      "E_TOO_LARGE",
    );
  });

  test("names each mistake by its own error", async () => {
    const server = createRawServer();
    const port = await listening(server);
    server.close();
    await once(server, "close");
    expect(await code(granted(port), { url: urlOf(port) })).toBe("E_REFUSED");
    expect(await code(granted(port), { url: "http://127.0.0.2/" })).toBe("E_NOT_GRANTED");
    expect(
      await code(granted(port, { allow: ["nothing.test:80"], resolver: () => Promise.reject(new Error("none")) }), {
        url: "http://nothing.test/",
      }),
    ).toBe("E_NAME");
    const error = await granted(port)["fetch"]!({ url: urlOf(port) }).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/ECONN|127\./);
  });

  test("asks no proxy of the environment, and keeps no connection and no cookie", async () => {
    let [proxied, connections] = [0, 0];
    const proxy = await serve((_request, response) => {
      proxied++;
      response.end("proxied");
    });
    const server = createServer((request, response) => {
      response.setHeader("set-cookie", "a=1").end(String(request.headers.cookie));
    });
    server.on("connection", () => connections++);
    const port = await listening(server);
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"])
      process.env[name] = `http://127.0.0.1:${proxy}`;
    process.env["NODE_USE_ENV_PROXY"] = "1";
    try {
      const guest = granted(port);
      for (let count = 0; count < 2; count++) {
        const { body } = await fetch(guest, { url: urlOf(port) });
        expect(await calls(body)["text"]!()).toBe("undefined");
      }
    } finally {
      for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "NODE_USE_ENV_PROXY"])
        delete process.env[name];
    }
    expect([proxied, connections]).toEqual([0, 2]);
  });
});

describe("a hostile server", () => {
  test("is held to a bounded head", async () => {
    const long = await serveRaw(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(20_000)}\r\n\r\n`);
    expect(await code(granted(long), { url: urlOf(long) })).toBe("E_TOO_LARGE");
    const endless = await serveRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write("X: y\r\n".repeat(1000)), 1);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await code(granted(endless), { url: urlOf(endless) })).toBe("E_TOO_LARGE");
  });

  test.each([
    ["what is not HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "E_PROTOCOL"],
    ["a header with a bare line feed in it", "HTTP/1.1 200 OK\r\nA: b\n c\r\nD\r\n\r\n", "E_PROTOCOL"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "E_PROTOCOL"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "E_PROTOCOL",
    ],
    ["nothing", "", "E_CLOSED_REMOTE"],
    ["half a head", "HTTP/1.1 200 OK\r\nX: ", "E_CLOSED_REMOTE"],
    ["an upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "E_PROTOCOL"],
  ])("that answers with %s is refused", async (_name, answer, expected) => {
    const port = await serveRaw(answer);
    const got = await code(granted(port), { url: urlOf(port), timeout: 2000 });
    expect([expected, "E_CLOSED_REMOTE"]).toContain(got);
    if (expected === "E_PROTOCOL" && !answer.includes("101")) expect(got).toBe("E_PROTOCOL");
  });

  test.each([
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"],
  ])("that promises more by %s than it sends is found out after what it sent", async (_name, answer) => {
    const port = await serveRaw(answer);
    const body = calls((await fetch(granted(port), { url: urlOf(port) }))["body"]);
    expect(text(await body["read"]!(100))).toBe("short");
    expect(await outcome(() => body["read"]!(100))).toBe("E_CLOSED_REMOTE");
  });

  test("that is slow, or silent, ends with the timeout", async () => {
    const silent = await serveRaw(() => undefined);
    const start = performance.now();
    expect(await code(granted(silent), { url: urlOf(silent), timeout: 100 })).toBe("E_TIMEOUT");
    expect(performance.now() - start).toBeGreaterThanOrEqual(99);
    const dripping = await serveRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write("X: y\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    });
    expect(await code(granted(dripping), { url: urlOf(dripping), timeout: 200 })).toBe("E_TIMEOUT");
    const stopping = await serve((_request, response) => void response.write("some"));
    const body = calls((await fetch(granted(stopping), { url: urlOf(stopping), timeout: 100 }))["body"]);
    expect(text(await body["read"]!(100))).toBe("some");
    expect(await outcome(() => body["read"]!(100))).toBe("E_TIMEOUT");
  });

  test("that sends informational answers without end ends with the timeout", async () => {
    const port = await serveRaw((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10)), 5);
      socket.on("close", () => clearInterval(timer));
    });
    expect(["E_TIMEOUT", "E_TOO_LARGE"]).toContain(await code(granted(port), { url: urlOf(port), timeout: 200 }));
  });

  test("whose body never ends stands still until it is read, and is cut off when nobody wants it", async () => {
    let [sent, isClosed] = [0, false];
    const port = await serve((_request, response) => {
      const piece = new Uint8Array(65_536);
      const send = (): void => {
        while (!isClosed && response.write(piece)) sent += piece.length;
        if (!isClosed) response.once("drain", send);
      };
      response.on("close", () => (isClosed = true));
      send();
    });
    const body = calls((await fetch(granted(port), { url: urlOf(port) }))["body"]);
    let before = -1;
    await until(() => {
      const stands = sent === before;
      before = sent;
      return stands;
    });
    await wait(100);
    expect(sent).toBe(before);
    expect(sent).toBeLessThan(32 << 20);
    expect((await body["read"]!(1000)).length).toBeGreaterThan(0);
    await body["cancel"]!();
    await until(() => isClosed);
    expect(await outcome(() => body["read"]!(1))).toBe("E_CLOSED");
  });

  test("whose body is too large is cut off", async () => {
    let isClosed = false;
    const port = await serve((_request, response) => {
      const timer = setInterval(() => response.write(new Uint8Array(10_000)), 1);
      response.on("close", () => {
        isClosed = true;
        clearInterval(timer);
      });
    });
    const body = calls((await fetch(granted(port, { maxBody: 100_000 }), { url: urlOf(port) }))["body"]);
    expect(await outcome(() => readAll(body))).toBe("E_TOO_LARGE");
    await until(() => isClosed);
  });

  test("that points elsewhere reaches nothing", async () => {
    let inner = 0;
    const secret = await serve((_request, response) => {
      inner++;
      response.end("secret");
    });
    let location = "";
    const port = await serve((_request, response) => void response.writeHead(302, { location }).end());
    const refused: unknown[] = [];
    for (location of [
      ...[
        urlOf(secret),
        `http://localhost:${secret}/`,
        `http://[::1]:${secret}/`,
        `http://[::ffff:127.0.0.1]:${secret}/`,
      ],
      ...[
        `http://2130706433:${secret}/`,
        `http://0x7f000001:${secret}/`,
        `http://0177.0.0.1:${secret}/`,
        `http://127.1:${secret}/`,
      ],
      ...[`//127.0.0.1:${secret}/`, `http://evil.test:${secret}/`, "http://169.254.169.254/latest/meta-data/"],
    ]) {
      const resolver = async (): Promise<string[]> => ["127.0.0.1"];
      refused.push(
        await code(granted(port, { resolver, allow: [`127.0.0.1:${port}`, `evil.test:${secret}`] }), {
          url: urlOf(port),
        }),
      );
    }
    expect(inner).toBe(0);
    expect(refused).toEqual([
      ...["E_NOT_GRANTED", "E_NOT_GRANTED", "E_NOT_GRANTED", "E_NOT_GRANTED"],
      ...["E_URL", "E_URL", "E_URL", "E_URL", "E_NOT_GRANTED", "E_NOT_GRANTED", "E_NOT_GRANTED"],
    ]);
  });
});

describe("a name over http", () => {
  test("is looked up once for each hop, and the address that was checked is the one that is asked", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/next" }).end();
      else response.end(String(request.headers.host));
    });
    const answers = [["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1"]];
    let asked = 0;
    const resolver = async (): Promise<string[]> => answers[asked++] ?? [];
    const guest = granted(port, { allow: [`rebind.test:${port}`, `127.0.0.1:${port}`], resolver });
    const { body } = await fetch(guest, { url: `http://rebind.test:${port}/` });
    expect(await calls(body)["text"]!()).toBe(`rebind.test:${port}`);
    expect(asked).toBe(2);
    expect(await code(guest, { url: `http://rebind.test:${port}/next` })).toBe("E_NOT_GRANTED");
    expect(asked).toBe(3);
  });
});

describe("https", () => {
  const resolver = async (): Promise<string[]> => ["127.0.0.1"];
  const secure = (): Promise<number> =>
    listening(createSecureServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => void response.end("secure")));

  test("proves who answers, by name and by address", async () => {
    const port = await secure();
    const allow = [`secure.test:${port}`, `other.test:${port}`, `127.0.0.1:${port}`];
    const guest = granted(port, { allow, resolver, ca: CERTIFICATE });
    for (const host of ["secure.test", "127.0.0.1"]) {
      const { body } = await fetch(guest, { url: `https://${host}:${port}/` });
      expect(await calls(body)["text"]!()).toBe("secure");
    }
    expect(await code(guest, { url: `https://other.test:${port}/` })).toBe("E_TLS");
    expect(await code(granted(port, { allow, resolver }), { url: `https://secure.test:${port}/` })).toBe("E_TLS");
  });

  test("is not talked out of it by the environment", async () => {
    const port = await secure();
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(await code(granted(port), { url: `https://127.0.0.1:${port}/` })).toBe("E_TLS");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  test("with who does not speak it fails, and so does http with who does", async () => {
    const plain = await serve((_request, response) => void response.end("plain"));
    expect(await code(granted(plain), { url: `https://127.0.0.1:${plain}/` })).toBe("E_TLS");
    const port = await secure();
    expect(["E_CLOSED_REMOTE", "E_PROTOCOL"]).toContain(await code(granted(port), { url: urlOf(port) }));
  });
});

describe("many requests", () => {
  test("five hundred at once, bounded by what may be open, leave nothing behind", async () => {
    let open = 0;
    const server = createServer((_request, response) => void response.end("x".repeat(1000)));
    server.on("connection", (socket) => {
      open++;
      socket.on("close", () => open--);
    });
    const port = await listening(server);
    const guest = granted(port, { maxOpen: 100 });
    const codes = await Promise.all(Array.from({ length: 500 }, () => code(guest, { url: urlOf(port) })));
    expect(codes.filter((one) => one === 200)).toHaveLength(100);
    expect(codes.filter((one) => one === "E_MOST_OPEN")).toHaveLength(400);
    const free = granted(port, { maxOpen: 500 });
    const texts = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const { body } = await fetch(free, { url: urlOf(port) });
        return (await calls(body)["text"]!()).length;
      }),
    );
    expect(texts).toEqual(new Array(500).fill(1000));
    for (const close of closers.splice(1)) close();
    await until(() => open === 0);
  });
});
