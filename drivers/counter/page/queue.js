'use strict'
// Meals that were given without an answer, kept in this browser until the gateway has them. It holds
// card numbers, no names. At most MOST; what does not fit is counted, and said on the screen.
const MOST = 2000

function openQueue() {
  return new Promise((done, failed) => {
    const r = indexedDB.open('gatehouse-till', 1)
    r.onupgradeneeded = () => r.result.createObjectStore('meals', { keyPath: 'sequence' })
    r.onsuccess = () => done(r.result)
    r.onerror = () => failed(r.error)
  })
}

function inQueue(db, mode, deed) {
  return new Promise((done, failed) => {
    const t = db.transaction('meals', mode)
    const r = deed(t.objectStore('meals'))
    t.oncomplete = () => done(r && r.result)
    t.onerror = t.onabort = () => failed(t.error)
  })
}

const queue = {
  db: null,
  async open() {
    this.db = await openQueue()
  },
  count() {
    return inQueue(this.db, 'readonly', (s) => s.count())
  },
  // false: there is no room
  async add(meal) {
    if ((await this.count()) >= MOST) return false
    await inQueue(this.db, 'readwrite', (s) => s.put(meal))
    return true
  },
  async first() {
    return (await inQueue(this.db, 'readonly', (s) => s.getAll(null, 1)))[0]
  },
  all() {
    return inQueue(this.db, 'readonly', (s) => s.getAll())
  },
  remove(sequence) {
    return inQueue(this.db, 'readwrite', (s) => s.delete(sequence))
  },
}
