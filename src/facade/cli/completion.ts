/** Completion scripts: commands, options, and the ids of the routes, which are read from the table at the time. */

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly name: string; readonly description: string }[];
  readonly takesRoutes: boolean;
}

/** Writes the script of a shell for the command of this name. */
export type CompletionScript = (name: string, commands: readonly CompletedCommand[]) => string;

const routesOf = (name: string): string => `${name} complete-routes 2>/dev/null`;
/** `_c2s_facade` */
const functionOf = (name: string): string => `_${name.replaceAll(/\W/g, '_')}`;

export const bashCompletion: CompletionScript = (name, commands) => {
  const cases = commands.map(({ name: command, options, takesRoutes }) => {
    const words = options.map((option) => option.name).join(' ');
    const routes = takesRoutes ? ` $(${routesOf(name)})` : '';
    return `    ${command}) words="${words}${routes}" ;;`;
  });
  return `# ${name} completion for bash: source <(${name} completion bash)
${functionOf(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_CWORD}:\${COMP_WORDS[1]}" in
    1:*) words="${commands.map((one) => one.name).join(' ')}" ;;
    *) case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F ${functionOf(name)} ${name}
`;
};

export const zshCompletion: CompletionScript = (name, commands) => {
  const names = commands.map(({ name: command, summary }) => `    ${quoted(`${command}:${summary}`)}`);
  const cases = commands.map(({ name: command, options, takesRoutes }) => {
    const words = options.map((option) => quoted(`${option.name}:${option.description}`)).join(' ');
    const routes = takesRoutes ? ` compadd -- $(${routesOf(name)});` : '';
    return `    ${command}) options=(${words});${routes} _describe option options ;;`;
  });
  return `#compdef ${name}
# ${name} completion for zsh: source <(${name} completion zsh)
${functionOf(name)}() {
  local -a commands options
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
}
compdef ${functionOf(name)} ${name}
`;
};

export const fishCompletion: CompletionScript = (name, commands) => {
  const lines = commands.flatMap(({ name: command, summary, options, takesRoutes }) => {
    const here = `-n ${quoted(`__fish_seen_subcommand_from ${command}`)}`;
    return [
      `complete -c ${name} -n __fish_use_subcommand -a ${command} -d ${quoted(summary)}`,
      ...options.map(
        (option) => `complete -c ${name} ${here} -l ${option.name.slice(2)} -d ${quoted(option.description)}`,
      ),
      ...(takesRoutes ? [`complete -c ${name} ${here} -a ${quoted(`(${routesOf(name)})`)}`] : []),
    ];
  });
  return `# ${name} completion for fish: ${name} completion fish | source
complete -c ${name} -f
${lines.join('\n')}
`;
};

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
