// A terminal for a guest: what it writes is filtered, what is typed comes as keys, and all is as before when it ends.
//
// Invariants
//   T1  Raw mode is on only if it was granted, and off after close() and after the guest's end: also when nothing of
//       the guest runs any more.
//   T2  In raw mode what is typed is read at once, whether or not the guest asks: an interrupt reaches the host always.
//   T3  At most MOST_KEYS keys wait; more are lost, as with a keyboard.
import { checkAlive } from "../abort.ts";
import { type Signal, signal } from "../call.ts";
import { capability } from "../capability.ts";
import { newQueue, type Queue } from "../channel/queue.ts";
import { realTime, type Time } from "../clock/time.ts";
import { byteLength } from "../console/console.ts";
import type { GrantedOf } from "../contract/index.ts";
import { type Line, newLine } from "../line.ts";
import { account } from "../meter/index.ts";
import { refusal, refuse } from "../refusal.ts";
import { whenUnused } from "../unused.ts";
import { MOST_SIZE, MOST_TEXT, TERMINAL } from "./contract.ts";
import { type Filter, newFilter, type Sequences, UNDO } from "./filter.ts";
import { type Key, type KeyReader, newKeyReader } from "./keys.ts";
import type { Size, TerminalPlace } from "./place.ts";

/** What a guest may do to a terminal. */
export interface TerminalOptions {
  /** The guest may turn raw mode on. Default: false. */
  readonly raw?: boolean | undefined;
  /** Which escape sequences of the guest reach the terminal. Default: "safe". */
  readonly sequences?: Sequences | undefined;
  /** What Ctrl+C does in raw mode, without the guest seeing it. "guest": it is a key of the guest, as any other. */
  readonly onInterrupt?: (() => void) | "guest" | undefined;
  /** What tells Escape from the beginning of a sequence. Default: the host's time. */
  readonly time?: Time | undefined;
}

/** A terminal that is granted, and what gives it back. */
export interface Terminal {
  /** What the guest gets. */
  readonly granted: GrantedOf<typeof TERMINAL>;
  /** Takes the terminal back: all is as it was before, and whoever waits is refused with E_CLOSED. */
  close(): void;
}

const MOST_KEYS = 65_536;
/** How long a sequence takes that a terminal types: what comes later is another key. */
const ESCAPE_WAIT = 50; // ms
const INTERRUPT = /\x03/g;

interface Session {
  readonly place: TerminalPlace;
  readonly options: TerminalOptions;
  readonly time: Time;
  filter: Filter;
  readonly reader: KeyReader;
  readonly keys: Queue<Key>;
  readonly readers: Line<undefined, Key>;
  readonly writers: Line<undefined, void>;
  readonly watchers: Line<undefined, Size>;
  told: Size | undefined;
  cancelFlush: () => void;
  stopListening: () => void;
  isRaw: boolean;
  isWriting: boolean;
  isChanged: boolean;
  isInputOver: boolean;
  isClosed: boolean;
}

const closed = (): Error => refusal("E_CLOSED", "the terminal was closed");

function enter({ isClosed }: Session): Signal {
  if (isClosed) throw closed();
  return signal();
}

const wantInput = ({ place, isRaw, readers }: Session): void => place.flow(isRaw || readers.size > 0);

function setRaw(session: Session, isOn: boolean): void {
  if (session.isRaw === isOn) return;
  session.place.setRaw(isOn);
  session.isRaw = isOn;
  wantInput(session);
}

/** Everything as it was before the guest. */
function restore(session: Session): void {
  const { isChanged, isClosed } = session;
  if (isClosed) return;
  try {
    setRaw(session, false);
  } catch {
    session.isRaw = false; // The terminal is gone, and its mode with it.
  }
  session.isChanged = false;
  // What was begun and not ended would swallow what the next guest writes.
  session.filter = filterFor(session.options);
  if (isChanged) writeQuietly(session, UNDO);
}

/** For the host's own words: nobody waits for them. */
async function writeQuietly({ place }: Session, text: string): Promise<void> {
  try {
    await place.write(text);
  } catch {
    // The terminal is gone.
  }
}

function close(session: Session): void {
  if (session.isClosed) return;
  restore(session);
  session.isClosed = true;
  session.cancelFlush();
  session.stopListening();
  session.place.flow(false);
  for (const line of [session.readers, session.writers, session.watchers]) line.dismiss(closed);
}

function serveKeys(session: Session, keys: readonly Key[]): void {
  for (const key of keys) if (session.keys.size < MOST_KEYS) session.keys.add(key);
  while (session.readers.size > 0 && session.keys.size > 0) session.readers.serve(session.keys.take() as Key);
  wantInput(session);
}

/** Looked for before keys are made of the text: no sequence that is begun can hide it. */
function interrupted(session: Session, text: string): string {
  const { onInterrupt } = session.options;
  if (!session.isRaw || typeof onInterrupt !== "function" || !text.includes("\x03")) return text;
  onInterrupt();
  return text.replace(INTERRUPT, "");
}

function takeInput(session: Session, text: string): void {
  const { reader, time } = session;
  session.cancelFlush();
  serveKeys(session, reader.feed(interrupted(session, text)));
  if (reader.isBegun()) session.cancelFlush = time.after(ESCAPE_WAIT, () => serveKeys(session, reader.flush()));
}

function endInput(session: Session): void {
  session.cancelFlush();
  serveKeys(session, session.reader.flush());
  session.isInputOver = true;
  session.readers.dismiss(closed);
}

const bounded = (count: number): number => (count >= 1 ? Math.min(Math.floor(count), MOST_SIZE) : 1);

function currentSize({ place }: Session): Size {
  const { columns, rows } = place.size();
  return { columns: bounded(columns), rows: bounded(rows) };
}

function tell(session: Session, size: Size): Size {
  session.told = size;
  return size;
}

/** Another size than the last one told, if there is one. */
function newSize(session: Session): Size | undefined {
  const [now, { told }] = [currentSize(session), session];
  return told?.columns === now.columns && told.rows === now.rows ? undefined : now;
}

function noteResize(session: Session): void {
  const size = newSize(session);
  while (size !== undefined && session.watchers.serve(size)) tell(session, size);
}

/** A change between two calls is not missed: the size is compared with the last one told. */
async function nextResize(session: Session): Promise<Size> {
  const guest = enter(session);
  // Who has not asked for the size before waits for another than that of now.
  session.told ??= currentSize(session);
  const size = newSize(session);
  return size === undefined ? await session.watchers.enter(undefined, guest).done : tell(session, size);
}

async function readKey(session: Session): Promise<Key> {
  const guest = enter(session);
  const { keys, readers } = session;
  if (keys.size > 0) return keys.take() as Key;
  if (session.isInputOver) throw closed();
  const { done } = readers.enter(undefined, guest, () => wantInput(session));
  wantInput(session);
  return await done;
}

/** One after the other, each when there is room for it. */
async function write(session: Session, text: string): Promise<void> {
  const guest = enter(session);
  const payer = account();
  if (text.length > MOST_TEXT) refuse("E_TOO_LARGE", `text of at most ${MOST_TEXT} characters`);
  await payer.wait("logBytes", 0);
  payer.charge("logBytes", byteLength(text));
  if (session.isWriting) await session.writers.enter(undefined, guest).done;
  session.isWriting = true;
  try {
    // What a guest that is gone wanted to say would come after all was undone.
    checkAlive(guest);
    await show(session, text);
  } finally {
    // Whoever is served writes next, so that nobody else begins meanwhile.
    session.isWriting = session.writers.serve();
  }
}

async function show(session: Session, text: string): Promise<void> {
  if (session.isClosed) throw closed();
  const safe = session.filter(text);
  if (safe === "") return;
  session.isChanged ||= safe.includes("\x1b");
  try {
    await session.place.write(safe);
  } catch {
    // What the host says may name its devices.
    refuse("E_IO", "the host could not write");
  }
}

function setRawFor(session: Session, isOn: boolean): void {
  enter(session);
  if (isOn && session.options.raw !== true) refuse("E_NOT_GRANTED", "raw mode is not granted");
  try {
    setRaw(session, isOn);
  } catch {
    refuse("E_IO", "the host's terminal has no raw mode");
  }
}

const filterFor = ({ sequences = "safe" }: TerminalOptions): Filter => newFilter(sequences);

function newSession(place: TerminalPlace, options: TerminalOptions): Session {
  const nothing = (): void => undefined;
  const lines = { readers: newLine<undefined, Key>(), writers: newLine<undefined, void>() };
  const flags = { isRaw: false, isWriting: false, isChanged: false, isInputOver: false, isClosed: false };
  return {
    ...{ place, options, time: options.time ?? realTime(), filter: filterFor(options) },
    ...{ reader: newKeyReader(), keys: newQueue<Key>() },
    ...{ ...lines, watchers: newLine<undefined, Size>(), ...flags },
    ...{ told: undefined, cancelFlush: nothing, stopListening: nothing },
  };
}

/** Grants a terminal. */
export function terminalOf(place: TerminalPlace, options: TerminalOptions = {}): Terminal {
  const session = newSession(place, options);
  session.stopListening = place.listen({
    onText: (text) => takeInput(session, text),
    onResize: () => noteResize(session),
    onEnd: () => endInput(session),
  });
  const granted = capability(TERMINAL, {
    write: async (text) => await write(session, text),
    readKey: async () => await readKey(session),
    size: () => {
      enter(session);
      return tell(session, currentSize(session));
    },
    nextResize: async () => await nextResize(session),
    setRaw: (isOn) => setRawFor(session, isOn),
  });
  return Object.freeze({ granted: whenUnused(granted, () => restore(session)), close: () => close(session) });
}
