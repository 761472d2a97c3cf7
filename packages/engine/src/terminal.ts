// The size of a command's terminal, set by the first program in it. The engine
// sets one only once the command runs, and a quick command has asked by then.

export interface TerminalSize {
  cols: number
  rows: number
}

const SET_SIZE = 'stty rows "$1" cols "$2" 2>/dev/null; shift 2; exec "$@"'

/** The same command, in a terminal that has this size when it starts; where the image has no `stty`, it starts all the same. */
export function sized(size: TerminalSize | undefined, command: readonly string[]): string[] {
  return size ? ['/bin/sh', '-c', SET_SIZE, 'sh', String(size.rows), String(size.cols), ...command] : [...command]
}

/** Of the variables that a client's terminal sends along; undefined: it did not say. */
export function sizeOf({ COLUMNS, LINES }: Readonly<Record<string, string>>): TerminalSize | undefined {
  const [cols, rows] = [Number(COLUMNS), Number(LINES)]
  return cols > 0 && rows > 0 ? { cols, rows } : undefined
}
