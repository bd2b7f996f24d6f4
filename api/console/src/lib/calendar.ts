// Days in a row as the months of a school year, which begins in August.

/** The year in which the school year of a day begins; the day is YYYY-MM-DD. */
export function yearOf(day: string): number {
  const [year, month] = day.split('-').map(Number)
  return month >= 8 ? year : year - 1
}

export interface Month<D> {
  name: string // YYYY-MM
  weeks: (D | undefined)[][] // of seven days, Monday first
}

/** The months of days in a row, each as its weeks; days of other months are left empty. */
export function monthsOf<D extends { date: string }>(days: D[]): Month<D>[] {
  const out: Month<D>[] = []
  for (const d of days) {
    const name = d.date.slice(0, 7)
    if (out.at(-1)?.name !== name) out.push({ name, weeks: [] })
    const { weeks } = out.at(-1)!
    const weekday = (new Date(d.date + 'T12:00:00Z').getUTCDay() + 6) % 7
    if (weekday === 0 || weeks.length === 0) weeks.push(Array<D | undefined>(7).fill(undefined))
    weeks.at(-1)![weekday] = d
  }
  return out
}
