// A program with plugins. It decides, plugin by plugin, what each may do; all else is not there for it, or refused.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type Result } from "cordon";
import {
  arg,
  capability,
  contract,
  directory,
  type Granted,
  nothing,
  only,
  quota,
  readOnly,
  revocable,
  string,
} from "cordon/policy-libs";

const NOTES = join(import.meta.dirname, "notes");

// What the program offers to plugins is a contract: arguments that break it do not reach the function.
const MENU = contract({
  name: "menu",
  allows: "adding entries to the menu",
  never: "changes entries of others",
  calls: {
    add: { takes: [arg("label", string({ min: 1, max: 40 }))], gives: nothing(), refuses: [], about: "adds an entry" },
  },
});

export interface Report {
  readonly menu: readonly string[];
  readonly outline: unknown;
  readonly helper: unknown;
  readonly spinning: string;
  readonly afterwards: unknown;
}

const source = (name: string): string => readFileSync(join(import.meta.dirname, "guests", `${name}.js`), "utf8");

const outcomeOf = (result: Result): unknown => {
  if (result.status === "returned") return result.value;
  return result.status === "threw" ? `threw ${result.error.message}` : result.status;
};

/** The menu of one plugin: it marks whose entries they are, and allows so many. */
const menuOf = (entries: string[], plugin: string, calls: number): Granted =>
  quota(capability(MENU, { add: async (label) => void entries.push(`${plugin}: ${label}`) }), { calls });

export async function plugins(): Promise<Report> {
  const menu: string[] = [];
  const notes = readOnly(directory(NOTES));

  await using outline = await createSandbox({ grant: { notes, menu: menuOf(menu, "outline", 100) } });
  const outlined = outcomeOf(await outline.run(source("outline")));

  // Nobody knows this one well: it sees which notes there are, not what is in them, and may add one entry.
  const lent = revocable(menuOf(menu, "helper", 1));
  await using helper = await createSandbox({
    grant: { notes: only(notes, ["list"]), menu: lent.granted },
    limits: { fuel: "20M", memory: "16 MiB", wall: "2 s" },
  });
  const told = outcomeOf(await helper.run(source("helper")));

  lent.revoke(); // it is unloaded: from now on its menu is gone, whatever it kept
  const afterwards = outcomeOf(await helper.call("later"));
  const spun = await helper.call("spin");
  const spinning = spun.status === "exhausted" ? `exhausted: ${spun.resource}` : spun.status;
  return { menu, outline: outlined, helper: told, spinning, afterwards };
}

if (process.argv[1] === import.meta.filename) console.log(await plugins());
