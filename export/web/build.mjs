// Makes a folder that any web server can serve:
// node build.mjs --packages DIR --out DIR --model FILE

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
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

const sha256 = (content) => createHash("sha256").update(content).digest("hex");

/** Ends with a sentence, and no trace of the program. */
function stop(words) {
  console.error(`error: ${words}`);
  process.exit(1);
}

function options() {
  const several = { type: "string", multiple: true, default: [] };
  const known = { packages: { type: "string" }, out: { type: "string" } };
  try {
    const all = { ...known, model: several, name: several, examples: several };
    return parseArgs({ options: all }).values;
  } catch (error) {
    return stop(error.message);
  }
}

/** Whether nothing is lost where a page takes the place of this folder. */
function isPage(folder) {
  if (!statSync(folder).isDirectory()) return false;
  return !readdirSync(folder).length || existsSync(join(folder, "models.json"));
}

/** The model and its manifest, which belong together. */
function readModel(file) {
  for (const name of [file, `${file}.json`]) {
    if (!existsSync(name)) {
      stop(`${name} does not exist: a model is a .tflite file and its .tflite.json beside it.`);
    }
  }
  try {
    const content = readFileSync(file);
    const manifest = readFileSync(`${file}.json`, "utf8");
    const { sha256: known, format } = JSON.parse(manifest);
    if (format === 3 && sha256(content) === known) return { file, content, manifest, known };
  } catch (error) {
    stop(`${file} and ${file}.json cannot be read: ${error.message}`);
  }
  return stop(`${file}.json is no manifest of format 3 of ${file}: export the model again.`);
}

const values = options();
for (const name of ["packages", "out"]) {
  if (!values[name]) stop(`--${name} DIR is missing; \`make web\` gives it.`);
}
const whole = resolve(values.out);
const out = `${whole}.part`; // renamed when all is there
if (existsSync(whole) && !isPage(whole)) {
  stop(`${whole} is no page, and would be replaced: name another folder, or delete it.`);
}
const given = values.model.map(readModel);
const packages = resolve(values.packages, "node_modules");
if (!existsSync(join(packages, "esbuild"))) {
  stop(`${packages} has no esbuild: \`make web\` installs what is needed.`);
}
const esbuild = createRequire(join(packages, "x.js"))("esbuild");
const litert = JSON.parse(readFileSync(join(packages, "@litertjs/core/package.json"), "utf8"));

const write = (name, content) => writeFileSync(join(out, name), content);
const read = (name) => readFileSync(join(HERE, name));

/** Copies a model, and gives what the list says of it. */
function addModel({ file, content, manifest, known }, i) {
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
process.on("exit", () => rmSync(out, { recursive: true, force: true }));
const folder = `litert-${litert.version}`;
mkdirSync(join(out, folder), { recursive: true });
for (const name of BUILDS.flatMap((build) => [`${build}.js`, `${build}.wasm`])) {
  copyFileSync(join(packages, "@litertjs/core/wasm", name), join(out, folder, name));
}
const models = given.map(addModel);
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
rmSync(whole, { recursive: true, force: true });
renameSync(out, whole);
console.log(`${whole}: ${models.map(({ name }) => name).join(", ") || "no model"}`);
