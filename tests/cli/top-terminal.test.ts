// `cordon top` on a terminal: what it draws, what keys do, and that it leaves the terminal as it was.
import { spawn, spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { COMMAND } from "./command.ts";

/** Of util-linux: it runs a command on a terminal of its own, and passes on what comes in. */
const hasScript = spawnSync("script", ["--version"]).stdout?.toString().includes("util-linux") === true;
if (!hasScript) console.warn("tests/cli/top-terminal.test.ts is skipped: there is no `script` of util-linux here");

/** Of a terminal's modes: they stay when colours and moves go. */
const MODE = "MODE ";
const [OTHER_SCREEN, OWN_SCREEN, CURSOR] = ["\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"];

const TOP = [...COMMAND, "top", "--demo"].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
/** Its code, and whether the terminal edits lines and echoes them. */
const AND_THEN = `echo "code $?"; stty -a | grep -o ' -\\?icanon\\| -\\?echo ' | tr '\\n' ' '`;

function onTerminal(command: string) {
  const whole = `stty rows 20 cols 100; ${command}`;
  const child = spawn("script", ["-qec", whole, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen += stripVTControlCharacters(text.replaceAll(/\x1b\[\?/g, MODE)).replaceAll(MODE, "\x1b[?");
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    seen: () => seen,
    press: (keys: string) => void child.stdin.write(keys),
    soon: (what: string | RegExp) => expect.poll(() => seen, { timeout: 20_000 }).toMatch(what),
    ended: new Promise((resolve) => child.on("close", resolve)),
    forget: () => {
      seen = "";
    },
  };
}

describe.runIf(hasScript)("cordon top on a terminal", () => {
  test("draws on the other screen, follows keys, and gives the terminal back", async () => {
    const terminal = onTerminal(`${TOP}; ${AND_THEN}`);
    await terminal.soon(/cordon top .*up 00:00/);
    expect(terminal.seen()).toContain(OTHER_SCREEN);
    for (const word of ["acme", "small", "tenant, domain"]) await terminal.soon(word);
    terminal.press("?");
    await terminal.soon(/q or Ctrl-C: leave/);
    terminal.forget();
    terminal.press("\x1b");
    await terminal.soon("tenant, domain"); // alone: another key behind it would make one with it
    terminal.forget();
    terminal.press("v");
    await terminal.soon(/ domain +tenant /);
    terminal.press("q");
    await terminal.ended;
    const end = terminal.seen();
    expect(end).toContain(`${CURSOR}${OWN_SCREEN}`);
    expect(end).toMatch(/code 0\s+icanon\s+echo/);
  }, 60_000);

  test("is left by Ctrl-C, with its code", async () => {
    const terminal = onTerminal(`${TOP}; ${AND_THEN}`);
    await terminal.soon("acme");
    terminal.press("\x03");
    await terminal.ended;
    expect(terminal.seen()).toMatch(/code \d+\s+icanon\s+echo/);
    expect(terminal.seen()).toContain(OWN_SCREEN);
  }, 60_000);

  test("is stopped by Ctrl-Z, and goes on when its shell lets it", async () => {
    const terminal = onTerminal("bash --norc --noprofile -i");
    terminal.press(`${TOP}\n`);
    await terminal.soon("acme");
    terminal.forget();
    terminal.press("\x1a");
    await terminal.soon(/Stopped/);
    expect(terminal.seen()).toContain(OWN_SCREEN);
    terminal.forget();
    terminal.press("fg\n");
    await terminal.soon(OTHER_SCREEN);
    await terminal.soon("acme");
    terminal.forget();
    terminal.press("q");
    await terminal.soon(OWN_SCREEN);
    terminal.press("exit\n");
    await terminal.ended;
  }, 60_000);
});
