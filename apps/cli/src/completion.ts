// Completion scripts. They hold every command and flag as words, so that
// pressing Tab starts no process.
import { topics } from './table.ts'

interface Entry {
  name: string
  summary: string
  flags: { name: string; summary: string }[]
}

/** The script for `shell`, or undefined when we have none for it. */
export async function completionScript(shell: string): Promise<string | undefined> {
  const writers: Record<string, (entries: readonly Entry[]) => string> = { bash, zsh, fish }
  const write = Object.hasOwn(writers, shell) ? writers[shell] : undefined
  return write?.(await readEntries())
}

async function readEntries(): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const topic of topics) {
    const { commands } = await topic.load()
    for (const [name, summary] of Object.entries(topic.commands)) {
      const flags = Object.entries(commands[name]!.flags).map(([flag, { summary }]) => ({ name: flag, summary }))
      entries.push({ name, summary, flags: [...flags, { name: 'help', summary: 'show help' }] })
    }
  }
  return entries
}

/** A colon splits words in bash's COMP_WORDS, so the line is split here by spaces, and what bash has already is cut off again. */
function bash(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, flags }) => `    ${name}) words="${flags.map((flag) => `--${flag.name}`).join(' ')}" ;;`)
  return `_paas() {
  local line=\${COMP_LINE:0:COMP_POINT} current words prefix
  local -a typed
  read -ra typed <<< "$line"
  current=
  [[ $line == *' ' ]] || current=\${typed[-1]}
  if [[ \${#typed[@]} -eq 1 || ( \${#typed[@]} -eq 2 && -n $current ) ]]; then
    words="${entries.map(({ name }) => name).join(' ')}"
  else
    case \${typed[1]} in
${cases.join('\n')}
    esac
  fi
  prefix=\${current%"\${current##*:}"}
  local -a found
  mapfile -t found < <(compgen -W "$words" -- "$current")
  COMPREPLY=("\${found[@]#"$prefix"}")
}
complete -F _paas paas
`
}

function zsh(entries: readonly Entry[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const plain = (text: string) => text.replaceAll(':', '\\:')
  const commands = entries.map(({ name, summary }) => `    ${quote(`${plain(name)}:${summary}`)}`)
  const cases = entries.map(
    ({ name, flags }) =>
      `    ${name}) words=(${flags.map((flag) => quote(`--${flag.name}:${plain(flag.summary)}`)).join(' ')}) ;;`,
  )
  return `#compdef paas
_paas() {
  local -a words_of_paas words
  words_of_paas=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command words_of_paas
    return
  fi
  local chosen=\${\${(z)BUFFER}[2]}
  case $chosen in
${cases.join('\n')}
  esac
  _describe flag words
}
compdef _paas paas
`
}

function fish(entries: readonly Entry[]): string {
  const quote = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
  const lines = entries.flatMap(({ name, summary, flags }) => [
    `complete -c paas -f -n __fish_use_subcommand -a ${quote(name)} -d ${quote(summary)}`,
    ...flags.map(
      (flag) => `complete -c paas -n ${quote(`__fish_seen_subcommand_from ${name}`)} -l ${flag.name} -d ${quote(flag.summary)}`,
    ),
  ])
  return `${lines.join('\n')}\n`
}
