// A button for what must not happen by a slip: it acts once it was held for a second and a half, by
// pointer or by the space or enter key.

import { Button, type ButtonProps } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'

const holdFor = 1500 // ms
const step = 50

interface Props extends ButtonProps {
  onHeld: () => void
  children: ReactNode
  testid?: string
}

export function HoldButton({ onHeld, children, testid, ...more }: Props) {
  const [held, setHeld] = useState(0) // ms
  const timer = useRef<number>(undefined)
  const stop = () => {
    window.clearInterval(timer.current)
    timer.current = undefined
    setHeld(0)
  }
  const start = () => {
    if (timer.current !== undefined || more.disabled || more.loading) return
    const began = performance.now()
    timer.current = window.setInterval(() => {
      const now = performance.now() - began
      setHeld(Math.min(now, holdFor))
      if (now < holdFor) return
      stop()
      onHeld()
    }, step)
  }
  useEffect(() => () => window.clearInterval(timer.current), [])
  const keys = (e: React.KeyboardEvent) => e.key === ' ' || e.key === 'Enter'
  return (
    <Button
      {...more}
      type="button"
      className="hold"
      data-testid={testid}
      style={{ '--held': `${(held / holdFor) * 100}%` }}
      onPointerDown={(e) => e.button === 0 && start()}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onContextMenu={(e) => e.preventDefault()}
      onBlur={stop}
      onKeyDown={(e) => {
        if (!keys(e)) return
        e.preventDefault()
        start()
      }}
      onKeyUp={(e) => keys(e) && stop()}>
      {children}
    </Button>
  )
}
