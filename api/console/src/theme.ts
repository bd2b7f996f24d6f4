import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const gate: MantineColorsTuple = [
  '#eaf4fb',
  '#d3e5f2',
  '#a8cce6',
  '#79b4dc',
  '#56a0d0',
  '#3f8fc4',
  '#2f7fb3',
  '#226a9a',
  '#1d5f8a',
  '#164c70',
]

// The dark background has a little blue.
const dark: MantineColorsTuple = [
  '#d5dee6',
  '#b3bec9',
  '#8c99a6',
  '#64727f',
  '#3b4a58',
  '#2c3945',
  '#1d2832',
  '#172029',
  '#121920',
  '#0d1318',
]

export const theme = createTheme({
  primaryColor: 'gate',
  colors: { gate, dark },
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", ' +
    '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", Consolas, "Noto Sans Mono", "Noto Sans Mono CJK SC", monospace',
  headings: { fontWeight: '650' },
  focusRing: 'auto',
  cursorType: 'pointer',
})

// Mantine's own grays have less than 4.5:1 contrast for small text; these do not.
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#17212b',
    '--mantine-color-dimmed': '#4f5d6a',
    '--mantine-color-placeholder': '#667482',
    '--mantine-color-body': '#ffffff',
    '--mantine-color-default-border': '#c9d2da',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': '#1d5f8a',
    '--mantine-color-gate-text': '#1d5f8a',
    '--mantine-color-red-text': '#b42318',
  },
  dark: {
    '--mantine-color-text': '#e3e9ee',
    '--mantine-color-dimmed': '#a3b2bf',
    '--mantine-color-placeholder': '#8b9aa8',
    '--mantine-color-body': '#172029',
    '--mantine-color-default': '#1d2832',
    '--mantine-color-default-hover': '#243240',
    '--mantine-color-default-border': '#374654',
    '--mantine-color-error': '#ff9b92',
    '--mantine-color-anchor': '#84c1ea',
    '--mantine-color-gate-text': '#84c1ea',
    '--mantine-color-gate-light-color': '#84c1ea',
    '--mantine-color-red-text': '#ff9b92',
    '--mantine-color-red-light-color': '#ff9b92',
  },
})
