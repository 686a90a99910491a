// policy-libs/README.md names all that there is, and nothing else.
import { describe, expect, test } from "vitest";
import * as libraries from "../../policy-libs/node/index.ts";
import { files, read } from "../fences/tree.ts";

const FILE = "policy-libs/README.md";

function tableOf(mark: string): string[][] {
  const [, rows = ""] = new RegExp(`<!-- ${mark} -->\\n([^]*?)<!-- end -->`).exec(read(FILE)) ?? [];
  const lines = rows.trim().split("\n").slice(2);
  return lines.map((line) => line.split("|").slice(1, -1)).map((cells) => cells.map((cell) => cell.trim()));
}

const namesIn = (cell = ""): string[] => [...cell.matchAll(/`(\w+)(?:\([^`]*\))?`/g)].map(([, name]) => name as string);
const exported = new Map<string, unknown>(Object.entries(libraries));
const isFunction = (name: string): boolean => typeof exported.get(name) === "function";

describe("policy-libs/README.md", () => {
  test("has a row for each folder with a contract, and names functions that are there", () => {
    const rows = tableOf("capabilities");
    const folders = files("policy-libs/*/contract.ts").filter((file) => !file.startsWith("policy-libs/contract/"));
    const linked = rows.map(([link = ""]) => `policy-libs/${/\((.+)\)/.exec(link)?.[1]}`);
    expect(linked.toSorted()).toEqual(folders);
    const named = rows.flatMap(([, inMemory, ofHost]) => [...namesIn(inMemory), ...namesIn(ofHost)]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !isFunction(name))).toEqual([]);
  });

  test("has every attenuator, and what it names is one", () => {
    const { replay: _, ...attenuators } = Object.fromEntries(
      [...read("policy-libs/attenuate/index.ts").matchAll(/^export \{(.*)\} from/gm)]
        .flatMap(([, names = ""]) => names.split(",").map((name) => name.trim()))
        .filter((name) => isFunction(name) && !["sameAnswer", "digestOf"].includes(name))
        .map((name) => [name, true]),
    );
    const told = tableOf("attenuators").flatMap(([first]) => namesIn(first));
    expect(told.toSorted()).toEqual([...Object.keys(attenuators), "readOnly"].toSorted());
  });
});
