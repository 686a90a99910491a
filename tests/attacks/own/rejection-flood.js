// A million rejections that nobody handles are reported within bounds, inside the guest.
// Expect: any
(function () { for (let i = 0; i < 100000; i++) Promise.reject(new Error("r" + i)); return "done"; })()
