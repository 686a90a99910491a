// The capability of files over any place where files are, and its attenuator.
import { capability, type Granted } from "../capability.ts";
import { account } from "../meter/index.ts";
import { wrapping } from "../unused.ts";
import { FILES } from "./contract.ts";
import { FILE_WRITES, FILES_WRITES, isChange } from "./effects.ts";
import { FILE } from "./handle-contract.ts";
import { type ListOptions, list } from "./listing.ts";
import { opener } from "./opener.ts";
import { refuse } from "./refusal.ts";
import { payLook, payRead, payWrite, TARIFFS, type Tariff, type TariffName } from "./tariff.ts";
import { checkBytes, contentsOf, decodeText, encodeText } from "./text.ts";
import type { FilesPlace } from "./types.ts";
import { type TreeContents, type TreeOptions, treePlace } from "./virtual.ts";

/** How files are charged. */
export interface FilesOptions {
  /** What is charged: "bytes" that are carried (the default), or "blocks" as RepyV2 counts them. */
  readonly tariff?: TariffName | undefined;
}

const isMissing = (error: unknown): boolean =>
  ["E_NOT_FOUND", "E_KIND"].includes((error as { readonly code?: string }).code ?? "");

async function exists(place: FilesPlace, path: unknown): Promise<boolean> {
  try {
    const { kind } = await place.stat(path);
    return kind === "file" || kind === "directory";
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function read(place: FilesPlace, tariff: Tariff, path: unknown): Promise<Uint8Array> {
  return await payRead(account(), tariff, 0, () => place.readBytes(path));
}

async function write(place: FilesPlace, tariff: Tariff, path: unknown, bytes: Uint8Array): Promise<void> {
  const payer = account();
  await payWrite(payer, tariff.transfer(0, bytes.length), () => place.writeBytes(path, bytes, payer));
}

async function append(place: FilesPlace, tariff: Tariff, path: unknown, bytes: Uint8Array): Promise<void> {
  const payer = account();
  await payWrite(payer, tariff.transfer(0, bytes.length), () => place.append(path, bytes, payer));
}

async function listed(place: FilesPlace, tariff: Tariff, path: unknown, options: ListOptions | undefined) {
  await payLook(account(), tariff);
  return await list(place, path ?? ".", options);
}

async function remove(place: FilesPlace, tariff: Tariff, path: unknown): Promise<void> {
  const payer = account();
  await payLook(payer, tariff);
  await payWrite(payer, tariff.entry, () => place.remove(path));
}

/** Grants a place of files. */
export function filesOf(place: FilesPlace, options: FilesOptions = {}): Granted {
  const tariff = TARIFFS[options.tariff ?? "bytes"];
  return capability(FILES, {
    readText: async (path) => decodeText(await read(place, tariff, path), path),
    readBytes: async (path) => await read(place, tariff, path),
    list: async (path, listing) => await listed(place, tariff, path, listing),
    stat: async (path) => await place.stat(path),
    exists: async (path) => await exists(place, path),
    writeText: async (path, text) => await write(place, tariff, path, encodeText(text)),
    writeBytes: async (path, bytes) => await write(place, tariff, path, checkBytes(bytes)),
    append: async (path, contents) => await append(place, tariff, path, contentsOf(contents)),
    remove: async (path) => await remove(place, tariff, path),
    makeDirectory: async (path) => await place.makeDirectory(path),
    rename: async (from, to) => await place.rename(from, to),
    ...opener(place, tariff),
  });
}

type Call = (...args: unknown[]) => Promise<unknown>;

/** The same files, for reading only: every call that would change something is refused with E_READ_ONLY. */
export function readOnly(files: Granted): Granted {
  if (files.contract.name !== FILES.name) throw new TypeError("readOnly takes files: directory(...) or tree(...)");
  const refusal = async (path: unknown): Promise<never> => refuse("E_READ_ONLY", String(path));
  const refusals = Object.fromEntries(FILES_WRITES.map((name) => [name, refusal]));
  const open = async (path: unknown, options: unknown): Promise<Granted> => {
    if (isChange("open", options)) refuse("E_READ_ONLY", String(path));
    return readOnlyFile((await (files.functions["open"] as unknown as Call)(path)) as Granted);
  };
  return capability(files.contract, { ...files.functions, ...refusals, open }, files.modes);
}

/** An open file, for reading only. */
function readOnlyFile(file: Granted): Granted {
  const refusal = async (): Promise<never> => refuse("E_READ_ONLY", FILE.name);
  const refusals = Object.fromEntries(FILE_WRITES.map((name) => [name, refusal]));
  return wrapping(capability(file.contract, { ...file.functions, ...refusals }, file.modes), file);
}

/** Grants files in memory that begin with these contents: `tree({ "a.txt": "text", folder: {} })`. */
export const tree = (contents: TreeContents = {}, options: TreeOptions & FilesOptions = {}): Granted =>
  filesOf(treePlace(contents, options), options);
