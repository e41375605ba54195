// Keeps the page and what it needs, so that it works without a network from the second visit on.

const SHELL = `shell-${VERSION}`; // both from the build, as is FILES
const LARGE = "files"; // models and WebAssembly, under names that change with what is in them

self.addEventListener("install", (event) => {
  const requests = FILES.shell.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => event.waitUntil(clean().then(() => clients.claim())));

async function clean() {
  for (const name of await caches.keys()) {
    if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
  }
  const large = await caches.open(LARGE);
  const wanted = new Set(FILES.large.map((file) => new URL(file, registration.scope).href));
  for (const request of await large.keys()) {
    if (!wanted.has(request.url)) await large.delete(request);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? page(request) : file(event));
});

async function page(request) {
  const shell = await caches.open(SHELL);
  const { pathname } = new URL(registration.scope);
  const isHome = [pathname, `${pathname}index.html`].includes(new URL(request.url).pathname);
  return (isHome && (await shell.match("./"))) || fetch(request);
}

async function file(event) {
  const { request } = event;
  const known = await (await caches.open(SHELL)).match(request);
  if (known) return known;
  const large = await caches.open(LARGE);
  const old = await large.match(request);
  if (old) return old;
  const reply = await fetch(request);
  const name = request.url.slice(registration.scope.length);
  if (reply.ok && FILES.large.includes(name)) {
    const kept = large.put(request, reply.clone());
    event.waitUntil(kept.catch(() => {})); // there may be no room
  }
  return reply;
}
