// The service worker that shows messages in a browser that subscribed (W3C Push API). It keeps
// nothing and fetches nothing: a message has all that is shown.

self.addEventListener('push', (event) => {
  let letter
  try {
    letter = event.data.json()
  } catch {
    return // not from this gateway
  }
  event.waitUntil(
    self.registration.showNotification(letter.title, {
      body: letter.body,
      tag: letter.id, // the same message once more takes the place of the first
      icon: '/favicon.svg',
      requireInteraction: letter.urgent === true,
      data: { link: letter.link },
    }),
  )
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const link = event.notification.data?.link || '/wall'
  event.waitUntil(self.clients.openWindow(link))
})
