// Whatever the host says went wrong, a guest is told a code that its call declares: another would make the kernel think
// that the capability is broken, and take it away.
import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { BODY, HTTP } from "../../policy-libs/http/contract.ts";
import { HTTP_ERRORS } from "../../policy-libs/http/refusal.ts";
import { COMMON_REFUSALS } from "../../policy-libs/index.ts";
import { DATAGRAM, LISTENER, NET, SOCKET } from "../../policy-libs/net/contract.ts";
import { NET_ERRORS } from "../../policy-libs/net/refusal.ts";
import { translateHttp } from "../../policy-libs/node/http-errors.ts";
import { type NetCall, translate } from "../../policy-libs/node/net-errors.ts";

const HOST = [
  ...Object.keys(constants.errno),
  ...["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA", "ESERVFAIL", "EREFUSED", "ECANCELLED", "ERR_SOCKET_CLOSED"],
  ...["ERR_SOCKET_DGRAM_NOT_RUNNING", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END", "ERR_INVALID_ARG_VALUE"],
  ...[
    "HPE_INVALID_CONSTANT",
    "HPE_HEADER_OVERFLOW",
    "HPE_INVALID_EOF_STATE",
    "HPE_CB_message_begin",
    "ERR_SSL_WRONG_VERSION_NUMBER",
  ],
  ...["CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID", "UNABLE_TO_GET_ISSUER_CERT", "toString", "", "E_NOT_GRANTED"],
];
const errors: readonly unknown[] = [
  ...HOST.flatMap((code) => ["connect", "listen", "bind", "send", "read"].map((syscall) => ({ code, syscall }))),
  ...[undefined, null, "text", new Error("no code"), { code: 1 }, { code: { toString: () => "E_X" } }],
];
const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code);

describe("an error of the host", () => {
  test.each<readonly [NetCall, readonly string[]]>([
    ["connect", NET.data.calls.connect.refuses],
    ["listen", NET.data.calls.listen.refuses],
    ["bind", NET.data.calls.bind.refuses],
    ["send", NET.data.calls.send.refuses],
    ["send", DATAGRAM.data.calls.send.refuses],
  ])("in %s becomes a code that is declared", (call, declared) => {
    for (const error of errors) expect(declared).toContain(codeOf(translate(error, call)));
  });

  test.each([
    ["fetch", HTTP.data.calls.fetch.refuses],
    ["read", BODY.data.calls.read.refuses],
    ["read", BODY.data.calls.text.refuses],
  ] as const)("in %s of http becomes a code that is declared", (call, declared) => {
    for (const error of errors) expect(declared).toContain(codeOf(translateHttp(error, call)));
  });

  test("keeps nothing of its message", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:80 - Local (10.0.0.9:1234)"), {
      code: "ECONNREFUSED",
    });
    for (const told of [translate(error, "connect"), translateHttp(error, "fetch")]) {
      expect(told.message).not.toMatch(/10\.|ECONN/);
      expect(told).not.toHaveProperty("address");
    }
  });
});

test("every code that a contract declares has a meaning, and every meaning is declared somewhere", () => {
  const declared = (...contracts: readonly { readonly data: { readonly calls: object } }[]): Set<string> =>
    new Set(
      contracts.flatMap(({ data }) =>
        Object.values(data.calls as Record<string, { readonly refuses: readonly string[] | "any" }>).flatMap(
          ({ refuses }) => (refuses === "any" ? [] : refuses),
        ),
      ),
    );
  expect([...declared(NET, SOCKET, LISTENER, DATAGRAM)].sort()).toEqual(Object.keys(NET_ERRORS).sort());
  expect([...declared(HTTP, BODY)].sort()).toEqual(Object.keys(HTTP_ERRORS).sort());
  expect(COMMON_REFUSALS).toEqual(expect.arrayContaining(["E_ENDED", "E_BUSY", "E_QUOTA"]));
});
