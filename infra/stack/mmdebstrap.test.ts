import { expect, it } from 'vitest'
import { stageOf } from './mmdebstrap.ts'

it.each([
  { line: 'I: running apt-get update...', stage: 'reading the Debian archive' },
  { line: 'Get:9 http://mirror.example/debian bookworm/main amd64 libc6 amd64 2.36-9 [2,000 kB]', stage: 'downloading libc6' },
  { line: 'Unpacking python3 (3.11.2-1) ...', stage: 'unpacking python3' },
  { line: 'Setting up libc6:amd64 (2.36-9) ...', stage: 'setting up libc6' },
  { line: 'stage: writing the run image', stage: 'writing the run image' },
  { line: 'Reading package lists...', stage: undefined },
])('tells from "$line" where the stack is', ({ line, stage }) => expect(stageOf(line)).toBe(stage))
