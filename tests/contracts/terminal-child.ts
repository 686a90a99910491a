// A program on a terminal, for terminal-host.test.ts: what it does is its first argument.
import { spawnSync } from "node:child_process";
import { terminal } from "../../policy-libs/node/index.ts";

const { granted, close } = terminal({ input: process.stdin, output: process.stdout, raw: true });
const { readKey, size, nextResize, setRaw, write } = granted.functions;
const say = (text: string): void => void process.stderr.write(`${text}\r\n`);
const isRaw = (): boolean =>
  / -icanon/.test(spawnSync("stty", ["-a"], { stdio: ["inherit", "pipe"] }).stdout.toString());

const ACTS: Readonly<Record<string, () => Promise<void>>> = {
  async keys() {
    setRaw(true);
    say(`raw ${isRaw()}`);
    say("ready");
    const names: string[] = [];
    for (let i = 0; i < 3; i++) names.push(((await readKey()) as { name: string }).name);
    close();
    say(`${names.join(" ")}; raw ${isRaw()}`);
  },
  async size() {
    const alive = setInterval(() => undefined, 1_000);
    say(`size ${JSON.stringify(size())}`);
    const next = nextResize();
    spawnSync("stty", ["rows", "30", "cols", "100"], { stdio: "inherit" });
    process.kill(process.pid, "SIGWINCH");
    say(`resized ${JSON.stringify(await next)}`);
    clearInterval(alive);
    close();
  },
  async exit() {
    setRaw(true);
    await write("\x1b[?1049h\x1b[?25l\x1b]0;title\x07game");
    process.exit(0);
  },
  async interrupt() {
    process.once("SIGINT", () => {
      say(`interrupted; raw ${isRaw()}`);
      process.exit(0);
    });
    setRaw(true);
    say("ready");
    setInterval(() => undefined, 1_000);
  },
};

await ACTS[process.argv[2] ?? ""]?.();
