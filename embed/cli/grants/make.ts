// Grants to capabilities. Each kind is loaded only when it is asked for.
import type { Granted } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { type Grant, wordOf } from "./grant.ts";
import { type Fields, type KindName, listOf, textOf } from "./kinds.ts";

type Make = (fields: Fields, parsed: Parsed) => Promise<Granted>;

const network: Make = async (fields) => {
  const { network: made } = await import("../../../policy-libs/node/index.ts");
  const [allow, listen, udp, bind] = ["allow", "listen", "udp", "bind"].map((name) => listOf(fields, name));
  return made({ allow, listen, udp, bind } as Record<string, readonly string[]>);
};

const MAKERS: Readonly<Partial<Record<KindName, Make>>> = {
  files: async (fields) => {
    const { directory, readOnly } = await import("../../../policy-libs/node/index.ts");
    const files = directory(textOf(fields, "path"));
    return textOf(fields, "mode") === "rw" ? files : readOnly(files);
  },
  net: network,
};

const WHY = new Map<unknown, string>([
  ["ENOENT", "no such directory"],
  ["ENOTDIR", "not a directory"],
  ["EACCES", "permission denied"],
]);

/** The capability of a grant. Throws UsageError where it cannot be had. */
export async function make(grant: Grant, parsed: Parsed): Promise<Granted> {
  try {
    const maker = MAKERS[grant.kind];
    if (maker === undefined) throw new Error(`this version cannot give ${grant.kind} yet`);
    return await maker(grant.fields, parsed);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    const where = grant.isFromFile ? `${grant.from}: ${wordOf(grant)}` : grant.from;
    throw new UsageError(`${where}: ${WHY.get(code) ?? message}`);
  }
}
