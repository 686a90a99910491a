// The smallest web server that will do: files of this package, to this machine only. Any other that knows the types
// of .js and .wasm will do as well.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const root = new URL("../../", import.meta.url);
const page = "/samples/17-browser/index.html";
const TYPES = new Map([
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
]);

const server = createServer(async ({ url }, response) => {
  const { pathname } = new URL(url ?? "/", "http://localhost"); // without any `..`
  if (pathname === "/") return response.writeHead(302, { location: page }).end();
  const isOurs = /^\/(dist|samples\/17-browser)\/[\w./-]+$/.test(pathname);
  const bytes = isOurs ? await readFile(new URL(`.${pathname}`, root)).catch(() => undefined) : undefined;
  const type = TYPES.get(extname(pathname)) ?? "application/octet-stream";
  return response.writeHead(bytes === undefined ? 404 : 200, { "content-type": type }).end(bytes);
});

server.listen(Number(process.argv[2] ?? 8017), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
