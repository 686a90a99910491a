// Runs before every test file: properties draw from the run's one seed.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["CORDON_SEED"]) });
