// RepyV2 itself takes as long to start.
await sleep(0.1);
const [limits, usage] = await getresources();
const runtime = await getruntime();
await log(usage.cpu <= runtime * limits.cpu * 2, usage.threadcpu <= runtime * limits.cpu * 2);
// The floor of this port: an engine with a program in it is never below one mebibyte.
await log(usage.memory >= 1048576, usage.events);
const { cpu, threadcpu, memory, events, ...others } = usage;
await log(Object.values(others).every((value) => value === 0 || value.size === 0), Object.keys(others).length);
