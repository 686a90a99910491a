// Work without end, or a thousand times too much, inside one native: the time-out holds and memory too.
// Expect: any
encodeURIComponent('\uffff'.repeat(8000000)).length
