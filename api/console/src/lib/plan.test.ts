import { describe, expect, it } from 'vitest'
import { moveArea, movePoint, over, pointAt, resizeArea, stepOf } from './plan'

describe('positions on a plan', () => {
  const box = { left: 100, top: 50, width: 400, height: 200 }
  it('are parts of the box, and stay within it', () => {
    expect(pointAt(box, 300, 100)).toEqual({ x: 0.5, y: 0.25 })
    expect(pointAt(box, 0, 900)).toEqual({ x: 0, y: 1 })
    expect(over(box, 100, 250)).toBe(true)
    expect(over(box, 99, 250)).toBe(false)
  })
  it('move by keys, at most to the edge', () => {
    expect(stepOf('ArrowLeft', true)).toEqual({ x: -0.05, y: 0 })
    expect(stepOf('Enter', false)).toBeUndefined()
    expect(movePoint({ x: 0.01, y: 0.5 }, -0.05, 0)).toEqual({ x: 0, y: 0.5 })
  })
  it('keep an area on the plan', () => {
    const a = { x: 0.7, y: 0.1, w: 0.2, h: 0.2 }
    expect(moveArea(a, 0.5, 0)).toEqual({ x: 0.8, y: 0.1, w: 0.2, h: 0.2 })
    expect(resizeArea(a, 0.5, -0.5)).toEqual({ x: 0.7, y: 0.1, w: 0.3, h: 0.01 })
  })
})
