// The same in a Web Worker.
import { newPerformer } from "./perform.ts";

const perform = newPerformer(new URL(location.href).searchParams.has("plain"));

globalThis.onmessage = ({ data: { id, what, input } }: MessageEvent) => {
  void perform(what, input).then((answer) => postMessage({ id, answer }));
};
