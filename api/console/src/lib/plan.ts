// Positions on a floor's plan: parts of its width and height, from 0 to 1.

export interface Point {
  x: number
  y: number
}
export interface Area extends Point {
  w: number
  h: number
}

const least = 0.01 // of an area's sides
const within = (v: number, most = 1) => Math.min(most, Math.max(0, v))
const round = (v: number) => Math.round(v * 1e5) / 1e5

/** The point of a box (of an element) under the pointer, kept within the box. */
export function pointAt(
  box: { left: number; top: number; width: number; height: number },
  x: number,
  y: number,
): Point {
  return {
    x: round(within((x - box.left) / (box.width || 1))),
    y: round(within((y - box.top) / (box.height || 1))),
  }
}

/** Whether the pointer is over the box. */
export function over(
  box: { left: number; top: number; width: number; height: number },
  x: number,
  y: number,
): boolean {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height
}

export function movePoint(p: Point, dx: number, dy: number): Point {
  return { x: round(within(p.x + dx)), y: round(within(p.y + dy)) }
}

/** Moves an area; it keeps its size and stays on the plan. */
export function moveArea(a: Area, dx: number, dy: number): Area {
  return { ...a, x: round(within(a.x + dx, 1 - a.w)), y: round(within(a.y + dy, 1 - a.h)) }
}

/** Moves an area's lower right corner. */
export function resizeArea(a: Area, dx: number, dy: number): Area {
  return {
    ...a,
    w: round(Math.max(least, within(a.w + dx, 1 - a.x))),
    h: round(Math.max(least, within(a.h + dy, 1 - a.y))),
  }
}

/** How far an arrow key moves; undefined for other keys. */
export function stepOf(key: string, large: boolean): Point | undefined {
  const by = large ? 0.05 : 0.005
  switch (key) {
    case 'ArrowLeft':
      return { x: -by, y: 0 }
    case 'ArrowRight':
      return { x: by, y: 0 }
    case 'ArrowUp':
      return { x: 0, y: -by }
    case 'ArrowDown':
      return { x: 0, y: by }
  }
  return undefined
}

/** In percent, for a style. */
export const percent = (part: number) => `${round(part * 100)}%`
