/** The only place that reads the environment: a flat copy of it, of which the schema takes what it knows. */
export type Environment = Readonly<Record<string, string | undefined>>

export function readEnvironment(): Environment {
  return { ...process.env }
}
