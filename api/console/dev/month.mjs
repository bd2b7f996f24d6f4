// The mock's month of attendance: what the day's answers say, on every weekday of the month so far.

/** The rows of GET /v1/attendance/month. */
export function monthOf(d, q) {
  const [y, m] = q.get('month').split('-').map(Number)
  const who = q.get('who') || 'student'
  const days = []
  for (let at = Date.UTC(y, m - 1, 1); new Date(at).getUTCMonth() === m - 1; at += 86_400_000) {
    const day = new Date(at)
    if (at < Date.now() && day.getUTCDay() % 6) days.push(day.toISOString().slice(0, 10))
  }
  const states = [
    'arrived',
    'arrived',
    'arrived',
    'arrived',
    'arrived',
    'late',
    'excused',
    'absent',
    'unknown',
  ]
  return d.people
    .filter((p) => p.kind === who && !p.left && (!q.get('class') || p.class === q.get('class')))
    .map((p, i) => {
      const counts = {}
      const rows = days.map((date, k) => {
        const s = (i * 7 + k * 5) % 11 ? 'arrived' : states[(i + k) % states.length]
        counts[s] = (counts[s] ?? 0) + 1
        return { date, states: [s] }
      })
      return { person: p.id, name: p.name, number: p.number, class: p.class, days: rows, counts }
    })
}
