// Makes a folder that any web server can serve:
// node build.mjs --packages DIR --out DIR --model FILE

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { icon } from "./draw_icons.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
// All that the page may do; a server may say the same in a header, and adds what only those can.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const BUILDS = ["litert_wasm_internal", "litert_wasm_compat_internal"]; // with relaxed SIMD or not

const { values } = parseArgs({
  options: {
    packages: { type: "string" },
    out: { type: "string" },
    model: { type: "string", multiple: true, default: [] },
    name: { type: "string", multiple: true, default: [] },
    examples: { type: "string", multiple: true, default: [] },
  },
});
const out = resolve(values.out);
const packages = resolve(values.packages, "node_modules");
const esbuild = createRequire(join(packages, "x.js"))("esbuild");
const litert = JSON.parse(readFileSync(join(packages, "@litertjs/core/package.json"), "utf8"));

const sha256 = (content) => createHash("sha256").update(content).digest("hex");
const write = (name, content) => writeFileSync(join(out, name), content);
const read = (name) => readFileSync(join(HERE, name));

/** The model, its manifest and what the list says of it. */
function addModel(file, i) {
  const content = readFileSync(file);
  const manifest = readFileSync(`${file}.json`, "utf8");
  const { sha256: known, format } = JSON.parse(manifest);
  if (format !== 3 || sha256(content) !== known) {
    throw new Error(`${file}.json is no manifest of format 3 of ${file}: export the model again.`);
  }
  const folder = `models/${sha256(known + manifest).slice(0, 12)}`;
  mkdirSync(join(out, folder), { recursive: true });
  const name = basename(file);
  write(join(folder, name), content);
  write(join(folder, `${name}.json`), manifest);
  return {
    name: values.name[i] || name.replace(/\.tflite$/, "").replaceAll("_", " "),
    file: `${folder}/${name}`,
    bytes: content.length,
    examples: (values.examples[i] ?? "").split("|").filter(Boolean),
  };
}

rmSync(out, { recursive: true, force: true });
const folder = `litert-${litert.version}`;
mkdirSync(join(out, folder), { recursive: true });
for (const name of BUILDS.flatMap((build) => [`${build}.js`, `${build}.wasm`])) {
  copyFileSync(join(packages, "@litertjs/core/wasm", name), join(out, folder, name));
}
const models = values.model.map(addModel);
const bundle = (name, define) =>
  esbuild.buildSync({
    entryPoints: [join(HERE, name)],
    outfile: join(out, name),
    bundle: true,
    minify: true,
    format: "iife", // a classic worker: LiteRT.js calls importScripts
    target: "es2022",
    nodePaths: [packages],
    legalComments: "eof",
    logLevel: "warning",
    define,
  });
bundle("page.js", {});
bundle("worker.js", { LITERT: JSON.stringify(`${folder}/`) });
for (const name of ["page.css", "icon.svg", "site.webmanifest"]) write(name, read(name));
write("index.html", read("index.html").toString().replace("POLICY", POLICY));
write("icon-192.png", icon(192));
write("icon-512.png", icon(512));
write("icon-maskable-512.png", icon(512, 0));
write("models.json", `${JSON.stringify(models, null, 2)}\n`);
write("LICENSE.txt", readFileSync(join(HERE, "../../LICENSE")));
write("NOTICE.txt", `LiteRT.js ${litert.version}, Copyright Google LLC, Apache License 2.0.\n`);

// What makes the page is kept at once, what is large when it is first asked for.
const shell = readdirSync(out).filter((name) => statSync(join(out, name)).isFile());
const wasm = readdirSync(join(out, folder)).map((name) => `${folder}/${name}`);
const large = [...wasm, ...models.flatMap(({ file }) => [file, `${file}.json`])];
const version = sha256(shell.map((name) => sha256(readFileSync(join(out, name)))).join());
bundle("service_worker.js", {
  VERSION: JSON.stringify(version.slice(0, 12)),
  FILES: JSON.stringify({ shell: ["./", ...shell], large }),
});
console.log(`${out}: ${models.map(({ name }) => name).join(", ") || "no model"}`);
