// A web server on this machine for one test: files by their path, and a policy that allows a page as little as can be.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

/** What a page is told that it may do. `'wasm-unsafe-eval'` is all that Cordon needs beyond its own files. */
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

const TYPES = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
]);

export interface Site {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** `read` gives a file's bytes, or undefined if there is none. `policyOf`: the Content-Security-Policy of a path. */
export async function serve(
  read: (path: string) => Uint8Array | undefined,
  policyOf: (path: string) => string = () => POLICY,
): Promise<Site> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    asked.push(pathname);
    const bytes = read(pathname);
    const type = TYPES.get(extname(pathname)) ?? "application/octet-stream";
    const headers = {
      "content-type": type,
      "content-security-policy": policyOf(pathname),
      "cache-control": "no-store",
    };
    response.writeHead(bytes === undefined ? 404 : 200, headers).end(bytes);
  });
  server.unref(); // a test that dies leaves nothing behind
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, asked, close };
}
