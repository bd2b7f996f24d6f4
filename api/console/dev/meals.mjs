// The meals of the made-up school: a lunch in two sittings, a few who have not eaten, one second meal.

const today = () => new Date().toISOString().slice(0, 10)
const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()
const lunch = {
  meal: 'Lunch',
  meal_zh: '午餐',
  expected: 92,
  away: 2,
  eaten: 87,
  again: 1,
  unknown: 1,
  anyway: 2,
  offline: 3,
  classes: [
    { class: '7-1', expected: 46, away: 0, eaten: 44 },
    { class: '7-2', expected: 46, away: 2, eaten: 43 },
  ],
}
const classes = [{ school: 'sch_1', class: '7-1', meals: ['Lunch'] }]
const diets = [
  { person: 'per_1', name: '李明', class: '7-1', note: 'No peanuts', own: false },
  { person: 'per_2', name: 'Wang Fang', class: '7-2', own: true, meals: ['Lunch'] },
]

export function meals(json, list) {
  return [
    [
      'GET',
      /^\/v1\/meals$/,
      (req, res, m, q) =>
        json(res, {
          date: q.get('date') || today(),
          meals: [{ ...lunch, start: at(-40), end: at(20) }],
        }),
    ],
    [
      'GET',
      /^\/v1\/meals\/waiting$/,
      (req, res, m, q) =>
        list(
          res,
          [
            { person: 'per_3', name: '赵晓华', class: '7-1' },
            { person: 'per_4', name: 'Li Na', class: '7-2', away: true },
          ].filter((x) => !q.get('class') || x.class === q.get('class')),
          q,
        ),
    ],
    [
      'GET',
      /^\/v1\/meals\/exceptions$/,
      (req, res, m, q) =>
        list(
          res,
          [
            { person: 'per_1', name: '李明', class: '7-1', at: at(-5), again: true, device: 'till-2' },
            { at: at(-12), again: false, device: 'till-1', why: 'Guest' },
          ],
          q,
        ),
    ],
    ['GET', /^\/v1\/meals\/classes$/, (req, res, m, q) => list(res, classes, q)],
    [
      'PUT',
      /^\/v1\/meals\/classes$/,
      (req, res, m, q, b) => {
        const i = classes.findIndex((x) => x.class === b.class)
        if (i >= 0) classes.splice(i, 1)
        const x = { school: 'sch_1', class: b.class, meals: b.meals ?? [] }
        if (!b.every) classes.push(x)
        json(res, x)
      },
    ],
    ['GET', /^\/v1\/meals\/diets$/, (req, res, m, q) => list(res, diets, q)],
    [
      'PUT',
      /^\/v1\/people\/([^/]+)\/diet$/,
      (req, res, m, q, b) => {
        const x = diets.find((d) => d.person === m[1]) ?? { person: m[1], name: m[1] }
        if (!diets.includes(x)) diets.push(x)
        json(res, Object.assign(x, b))
      },
    ],
  ]
}
