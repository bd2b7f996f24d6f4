'use strict'
// Opens the till without a network: what the page is made of, the network's first, else what was
// kept. Calls of the gateway (/v1/) are never kept.
const NAME = 'till-1'
const FILES = ['./', 'till.css', 'words.js', 'queue.js', 'till.js']

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(NAME).then((c) => c.addAll(FILES)).then(() => self.skipWaiting()))
})
self.addEventListener('activate', (e) => {
  e.waitUntil(self.clients.claim())
})
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith('/till/')) return
  e.respondWith(
    fetch(e.request)
      .then(async (r) => {
        if (r.ok) (await caches.open(NAME)).put(e.request, r.clone())
        return r
      })
      .catch(() => caches.match(e.request, { ignoreSearch: true })),
  )
})
