import { expect } from "vitest";
import { ARGUMENT, type Case, times } from "./case.ts";

const UNSAFE = "CodeUnsafeError";

export const NAMESPACE_CASES: readonly Case[] = [
  {
    name: "B66 Refusals and errors name the right line: (a) an import",
    program: "b66-import",
    lines: [],
    cause: { kind: "unsafe", message: "Unsafe call 'Import' in line 6" },
  },
  {
    name: "B66 Refusals and errors name the right line: (b) a syntax error",
    program: "b66-syntax",
    lines: [],
    cause: { kind: "unsafe", message: expect.stringMatching(/ in line 4$/) },
  },
  {
    name: "B66 Refusals and errors name the right line: (c) a type error at run time",
    program: "b66-type",
    lines: ["one"],
    cause: { kind: "uncaught", message: expect.stringMatching(/"b66-type\.js", line 6\n.*TypeError/) },
  },
  {
    name: "B66 Refusals and errors name the right line: (d) through two calls",
    program: "b66-trace",
    lines: [],
    cause: {
      kind: "uncaught",
      message: expect.stringMatching(/line 40\n.*line 31, in middle\n.*line 38, in inner\n.*TypeError\): deep$/),
    },
  },
  {
    name: "B67 Unicode literals and the metatype are out of reach: (a) Unicode",
    nearest:
      "every string of JavaScript is Unicode, so a literal cannot be refused; what matters is that no character beyond a byte gets to where RepyV2 has bytes.",
    program: "b67-unicode",
    lines: ["text of Unicode: \u263a", ARGUMENT, ARGUMENT, "0"],
  },
  {
    name: "B67 Unicode literals and the metatype are out of reach: (b) the metatype",
    program: "b67-metatype",
    lines: [
      "openfile ReferenceError",
      "exitall ReferenceError",
      "require ReferenceError",
      "_context ReferenceError",
      "mycontext ReferenceError",
      "string",
      "ReferenceError ReferenceError",
    ],
  },
  {
    name: "B68 A namespace accepts only safe text",
    lines: ["function", ...times(5, UNSAFE), ARGUMENT, ARGUMENT, "no error"],
  },
  {
    name: "B69 Evaluation uses the context it is given",
    lines: ["true 42", "true 7 6", ARGUMENT, ARGUMENT, "false false"],
  },
  { name: "B70 An unsafe context is refused", lines: [...times(6, "ContextUnsafeError"), "false"] },
  {
    name: "B71 An error inside evaluated code can be caught outside",
    lines: ["true undefined_variable is not defined", "and goes on"],
  },
  {
    name: "B72 Contexts can be copied and printed although they contain themselves",
    lines: [
      "true false",
      "true true",
      "0 2 1",
      "1 9 undefined true false",
      '[["a",1],["b",2]] a,b 1,2 {"a": 1, "b": 2}',
      '1 5 ["b",2] 0',
      "KeyError KeyError",
      "3 3",
      '{"c": 3, "d": 4} TypeError {"c": 3, "d": 4}',
      "TypeError TypeError TypeError",
      '{"self": {...}} {"self": {...}}',
    ],
  },
  {
    name: "B73 Program arguments belong to the program",
    args: ["--logfile", "NAME", "--stop", "-h"],
    lines: ["initialize 4 --logfile NAME --stop -h"],
    check: ({ files }) => expect(files).toEqual({}),
  },
];
