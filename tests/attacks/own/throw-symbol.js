// A guest may throw anything: the run ends with an error that is text, whatever was thrown.
// Expect: threw
throw Symbol("s");
