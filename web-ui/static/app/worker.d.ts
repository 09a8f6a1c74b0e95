// What the node writes above worker.js.
declare const RELEASE: { version: string; pages: [string, string][]; files: [string, string][] };
