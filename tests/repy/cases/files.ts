import { expect } from "vitest";
import { ARGUMENT, type Case, times } from "./case.ts";

const TEN = { "ten.bytes": "0123456789" };

export const FILE_CASES: readonly Case[] = [
  {
    name: "B01 A missing file is not opened without the create flag",
    lines: ["FileNotFoundError", "false 0"],
  },
  { name: "B02 A missing file is created on request", lines: ["true", "false"] },
  { name: "B03 Bad file names are refused", lines: [...times(18, ARGUMENT), "0 0"] },
  { name: "B04 The create flag must be a boolean", lines: times(3, ARGUMENT) },
  {
    name: "B05 A file has at most one handle",
    files: { "shared.file": "" },
    lines: ["FileInUseError", "opened again"],
  },
  {
    name: "B06 The handle limit also prevents creation",
    lines: ["250 250", "ResourceExhaustedError", "false"],
    check: ({ files }) => expect(Object.keys(files)).toHaveLength(250),
  },
  {
    name: "B07 Opening costs a block of reading, also when it fails",
    files: { "present.file": "" },
    lines: ["0", "FileNotFoundError", "4096", "4096 0"],
  },
  { name: "B08 Creating costs a block of reading and a block of writing", lines: ["0 0", "4096 4096"] },
  {
    name: "B09 Reading returns exactly the bytes asked for",
    files: { "testfile.txt": "# DO NOT REMOVE\nThis file is read by a test.\n" },
    lines: ["true 14"],
  },
  {
    name: "B10 Reading beyond the end is an error, at the end it is empty",
    files: TEN,
    lines: [...times(3, "SeekPastEndOfFileError"), '""', "SeekPastEndOfFileError 456789"],
  },
  { name: "B11 Bad arguments of reading are refused", files: TEN, lines: times(5, ARGUMENT) },
  {
    name: "B12 Reading is charged by aligned blocks",
    files: { "long.file": "z".repeat(10_000) },
    lines: ["4096", "8192", "0 4096"],
  },
  { name: "B13 What is written is read back", lines: ["true 16"] },
  {
    name: "B14 Writing past the end is refused, no hole appears",
    lines: ["SeekPastEndOfFileError", "0 SeekPastEndOfFileError"],
    check: ({ files }) => expect(files).toEqual({ "new.file": 0 }),
  },
  {
    name: "B15 Bad arguments of writing are refused",
    files: TEN,
    lines: [...times(5, ARGUMENT), "0123456789"],
  },
  { name: "B16 Writing is charged by aligned blocks", lines: ["4096", "8192"] },
  { name: "B17 A closed handle is dead", files: TEN, lines: times(3, "FileClosedError") },
  { name: "B18 Closing returns the handle to the budget", files: TEN, lines: ["1", "0", "FileClosedError 1"] },
  {
    name: "B19 A close during a slow transfer does not cut it short",
    profile: "FILE10K",
    lines: ["true true", "FileClosedError", "true true", "true 50000", "FileClosedError"],
    check: ({ files }) => expect(files).toEqual({ "slow.file": 50_000 }),
  },
  {
    name: "B20 The directory listing is complete and costs a block",
    // Only what the calls can name is listed (W26): neither a directory nor a name that openfile refuses.
    files: { "b20.js": "the program", "a.b_c-1": "", LOUD: "", ".hidden": "", folder: undefined },
    lines: ["a.b_c-1 b20.js", "4096"],
  },
  {
    name: "B21 Removing follows the life of the file",
    lines: ["FileNotFoundError", "FileInUseError", "false"],
    check: ({ files }) => expect(files).toEqual({}),
  },
  { name: "B22 Removing refuses bad names", lines: times(6, ARGUMENT) },
  {
    name: "B23 Removing is charged for reading always, for writing on success only",
    files: { "present.file": "x" },
    lines: ["FileNotFoundError", "4096 0", "4096 4096"],
  },
];
