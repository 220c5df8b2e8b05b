/** The only place that reads the environment: a flat copy of it, of which the schema takes what it knows. */
export type Environment = Readonly<Record<string, string | undefined>>

export function readEnvironment(): Environment {
  return { ...process.env }
}

/** What a command of the operator's may see of our environment: none of the secrets that stand there. */
const passedOn = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

export function commandEnvironment(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(passedOn.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])))
}

/**
 * The AWS SDK prints at each start which Node versions its coming releases will ask for. That is news for whoever updates it
 * here, not for people who run the server; this is the switch that it has for that. Who sets it otherwise sees the news.
 */
export function quietSdk(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}
