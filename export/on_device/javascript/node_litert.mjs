// LiteRT.js in Node, for tests: it is made for browsers, and finds here what it misses of them.
//
//   import { litertInNode } from "./node_litert.mjs";
//   const litert = await litertInNode("node_modules/@litertjs/core");

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

/** The module @litertjs/core in that folder, with its WebAssembly loaded. */
export async function litertInNode(folder) {
  globalThis.self = globalThis;
  globalThis.navigator ??= {};
  globalThis.navigator.gpu ??= { requestAdapter: async () => null };
  // Its script is CommonJS, in a package that says to have modules alone.
  globalThis.importScripts = (path) => {
    const module = { exports: {} };
    const wrapper = "(function (exports, require, module, __filename, __dirname) {";
    const code = `${wrapper}${readFileSync(path, "utf8")}\n})`;
    const run = vm.runInThisContext(code, { filename: path });
    run(module.exports, createRequire(path), module, path, dirname(path));
    globalThis.ModuleFactory = module.exports;
  };
  const litert = await import(pathToFileURL(resolve(folder, "dist/index.js")));
  await litert.loadLiteRt(`${join(resolve(folder), "wasm")}/`);
  return litert;
}
